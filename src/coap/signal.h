/* Signalling messages of CoAP over reliable transports (RFC 8323 section 5): what their options
 * say.
 *
 * A signal is a message of class 7 whose options have a numbering of their own, one per code. The
 * caller checks the options of any signal once with lw_signal_check; the readers then cannot fail:
 * elective options that are unknown, repeated or of a wrong length are ignored. Each reader stands
 * beside the writer of the same options; diagnostic text is the payload of the message.
 */
#ifndef LW_COAP_SIGNAL_H
#define LW_COAP_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "coap/msg.h"
#include "lw/bytes.h"
#include "lw/err.h"

/* LW_EPROTO with the number of the first critical option, when there is one: none is defined, so
 * it is not understood and the connection is to be aborted (section 5.2); on a CSM the Abort tells
 * the number as Bad-CSM-Option. */
LW_MUST_CHECK lw_err lw_signal_check(lw_bytes options, uint32_t *out_number);

/* 7.01 Capabilities and Settings. What one side said holds until it says otherwise, so `csm` starts
 * as lw_signal_csm_base() and each CSM that arrives is read into the same one (section 5.3). */
#define LW_SIGNAL_MAX_MESSAGE_SIZE_BASE 1152u

typedef struct lw_signal_csm {
    uint32_t max_message_size; /* octets of a whole message that the sender takes */
    bool has_block_wise;
} lw_signal_csm;

lw_signal_csm lw_signal_csm_base(void);
void lw_signal_read_csm(lw_bytes options, lw_signal_csm *csm);
void lw_signal_put_csm(lw_coap_out *out, lw_signal_csm csm);

/* Section 5.3.2: block-wise transfer together with more than the base size says BERT. */
bool lw_signal_csm_has_bert(lw_signal_csm csm);

/* 7.02 Ping and 7.03 Pong. A Pong repeats the token of its Ping. Custody on a Ping asks that what
 * came before it be processed first, on a Pong it says that it was (section 5.4.1). */
bool lw_signal_read_custody(lw_bytes options);
void lw_signal_put_custody(lw_coap_out *out);

/* 7.04 Release: the sender wants to close; requests under way are still answered (section 5.5). */
typedef struct lw_signal_release {
    lw_bytes alternative; /* "host:port" to connect to instead, borrowed; empty: none. The first of
                             several: lw_coap_opt_next_of walks them */
    uint32_t hold_off_s;  /* do not reconnect for so long; 0: at once */
} lw_signal_release;

#define LW_SIGNAL_OPT_ALTERNATIVE_ADDRESS 2u

void lw_signal_read_release(lw_bytes options, lw_signal_release *out_release);
void lw_signal_put_release(lw_coap_out *out, lw_signal_release release);

/* 7.05 Abort: the connection is closed at once. The option of a CSM that was the reason, or none
 * (section 5.6.1). */
bool lw_signal_read_abort(lw_bytes options, uint32_t *out_bad_csm_option);
void lw_signal_put_abort(lw_coap_out *out, uint32_t bad_csm_option);

#endif
