/* CoAP options: the registered numbers, reading an encoded list of them, and the table that says
 * which lengths and repetitions are right (RFC 7252 sections 3.1, 5.4 and 5.10).
 *
 * An encoded list (`lw_bytes options`) is what lies between token and payload marker. Iterating
 * reads no octet outside the list, whatever it holds; it ends early at an encoding that is wrong.
 */
#ifndef LW_COAP_OPTION_H
#define LW_COAP_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "lw/bytes.h"
#include "lw/err.h"

typedef enum lw_coap_option {
    LW_COAP_OPT_IF_MATCH = 1,
    LW_COAP_OPT_URI_HOST = 3,
    LW_COAP_OPT_ETAG = 4,
    LW_COAP_OPT_IF_NONE_MATCH = 5,
    LW_COAP_OPT_OBSERVE = 6, /* RFC 7641 */
    LW_COAP_OPT_URI_PORT = 7,
    LW_COAP_OPT_LOCATION_PATH = 8,
    LW_COAP_OPT_OSCORE = 9, /* RFC 8613 */
    LW_COAP_OPT_URI_PATH = 11,
    LW_COAP_OPT_CONTENT_FORMAT = 12,
    LW_COAP_OPT_MAX_AGE = 14,
    LW_COAP_OPT_URI_QUERY = 15,
    LW_COAP_OPT_ACCEPT = 17,
    LW_COAP_OPT_LOCATION_QUERY = 20,
    LW_COAP_OPT_BLOCK2 = 23, /* RFC 7959, as Block1, Size2 */
    LW_COAP_OPT_BLOCK1 = 27,
    LW_COAP_OPT_SIZE2 = 28,
    LW_COAP_OPT_PROXY_URI = 35,
    LW_COAP_OPT_PROXY_SCHEME = 39,
    LW_COAP_OPT_SIZE1 = 60,
    LW_COAP_OPT_ECHO = 252,        /* RFC 9175, as Request-Tag */
    LW_COAP_OPT_NO_RESPONSE = 258, /* RFC 7967 */
    LW_COAP_OPT_REQUEST_TAG = 292
} lw_coap_option;

#define LW_COAP_PAYLOAD_MARKER 0xffu
#define LW_COAP_OPT_NUMBER_MAX 65535u
#define LW_COAP_OPT_LEN_MAX    (65535u + 269u) /* what the encoding can say */

/* One option at a time, in order. */
typedef struct lw_coap_opt {
    uint32_t number;
    lw_bytes value;
} lw_coap_opt;

typedef struct lw_coap_opt_iter {
    lw_bytes rest;
    uint32_t number; /* of the last one */
} lw_coap_opt_iter;

lw_coap_opt_iter lw_coap_opts(lw_bytes options);
bool lw_coap_opt_next(lw_coap_opt_iter *it, lw_coap_opt *out_opt);
/* The next one of that number, skipping smaller ones: all Uri-Path, then all Uri-Query. False when
 * there is none left; `it` then stands before the first larger number. */
bool lw_coap_opt_next_of(lw_coap_opt_iter *it, uint32_t number, lw_bytes *out_value);

/* Options that are numbers, of which parsing a message takes note on its way: whoever asks for one
 * has no walk to do. */
typedef enum lw_coap_note {
    LW_COAP_NOTE_OBSERVE,
    LW_COAP_NOTE_CONTENT_FORMAT,
    LW_COAP_NOTE_ACCEPT,
    LW_COAP_NOTE_BLOCK2,
    LW_COAP_NOTE_BLOCK1,
    LW_COAP_NOTE_SIZE2,
    LW_COAP_NOTE_SIZE1,
    LW_COAP_NOTE_NO_RESPONSE,
    LW_COAP_NOTES
} lw_coap_note;

/* One that is longer than the table of options says, or comes again, is not noted (RFC 7252 section
 * 5.4). */
typedef struct lw_coap_noted {
    uint32_t refused; /* the first critical option that is not as the table of options says, to be
                         refused with 4.02 (lw_coap_opts_check); 0: none */
    uint32_t has;     /* bit lw_coap_note: it is there */
    uint32_t value[LW_COAP_NOTES]; /* 0 for those that are not */
} lw_coap_noted;

static inline bool lw_coap_has(const lw_coap_noted *noted, lw_coap_note note)
{
    return (noted->has >> note & 1u) != 0;
}

/* Takes encoded options and what follows them apart, checking every option's encoding and that a
 * payload marker has a payload behind it: the tail of a message, or the plaintext of OSCORE.
 * `out_noted` is zeroed. LW_EFORMAT (RFC 7252 section 3: a message format error). */
LW_MUST_CHECK lw_err lw_coap_opts_split(lw_bytes in, lw_bytes *out_options, lw_bytes *out_payload,
                                        lw_coap_noted *out_noted);

/* The first option of that number; false when absent. */
bool lw_coap_opt_find(const lw_bytes *options, uint32_t number, lw_bytes *out_value);

/* As find, read as a uint (leading zero octets accepted). False when absent or longer than 4
 * octets. */
bool lw_coap_opt_find_uint(const lw_bytes *options, uint32_t number, uint32_t *out_value);

uint32_t lw_coap_opt_uint(lw_bytes value); /* at most 4 octets */

/* RFC 7252 section 5.4.6, Figure 10: what the number says about the option. */
static inline bool lw_coap_opt_is_critical(uint32_t number)
{
    return (number & 1) != 0;
}

static inline bool lw_coap_opt_is_unsafe(uint32_t number)
{
    return (number & 2) != 0;
}

static inline bool lw_coap_opt_is_no_cache_key(uint32_t number)
{
    return (number & 0x1e) == 0x1c;
}

/* Checks every option of a message against the table of options (length, repeatable or not, known):
 * LW_OK, or LW_EPROTO with the number of the first critical option that must be refused with 4.02
 * (unknown, repeated where it must not be, or of a wrong length). Elective ones of that kind are
 * not an error: the caller ignores them (RFC 7252 section 5.4.1), and lw_coap_opt_find skips none.
 */
LW_MUST_CHECK lw_err lw_coap_opts_check(lw_bytes options, uint32_t *out_number);

typedef enum lw_coap_opt_format {
    LW_COAP_FORMAT_EMPTY,
    LW_COAP_FORMAT_OPAQUE,
    LW_COAP_FORMAT_UINT,
    LW_COAP_FORMAT_STRING
} lw_coap_opt_format;

/* For whoever shows options to people. False for an unknown number. */
bool lw_coap_opt_describe(uint32_t number, const char **out_name, lw_coap_opt_format *out_format);

#endif
