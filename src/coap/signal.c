#include "coap/signal.h"

/* Numbers and lengths: RFC 8323 sections 5.3 to 5.6. */
#define OPT_MAX_MESSAGE_SIZE    2u /* CSM */
#define OPT_BLOCK_WISE_TRANSFER 4u
#define OPT_CUSTODY             2u /* Ping, Pong */
#define OPT_ALTERNATIVE_ADDRESS LW_SIGNAL_OPT_ALTERNATIVE_ADDRESS
#define OPT_HOLD_OFF            4u /* Release */
#define OPT_BAD_CSM_OPTION      2u /* Abort */

#define HOLD_OFF_MAX_S 0xffffffu

lw_err lw_signal_check(lw_bytes options, uint32_t *out_number)
{
    lw_coap_opt_iter it = lw_coap_opts(options);
    lw_coap_opt opt;
    while (lw_coap_opt_next(&it, &opt)) {
        if (lw_coap_opt_is_critical(opt.number)) {
            *out_number = opt.number;
            return LW_EPROTO;
        }
    }
    return LW_OK;
}

static bool find_within(lw_bytes options, uint32_t number, size_t max_len, lw_bytes *out_value)
{
    return lw_coap_opt_find(&options, number, out_value) && out_value->len <= max_len;
}

lw_signal_csm lw_signal_csm_base(void)
{
    return (lw_signal_csm){.max_message_size = LW_SIGNAL_MAX_MESSAGE_SIZE_BASE};
}

void lw_signal_read_csm(lw_bytes options, lw_signal_csm *csm)
{
    lw_bytes value;
    if (find_within(options, OPT_MAX_MESSAGE_SIZE, 4, &value)) {
        csm->max_message_size = lw_coap_opt_uint(value);
    }
    if (find_within(options, OPT_BLOCK_WISE_TRANSFER, 0, &value)) {
        csm->has_block_wise = true;
    }
}

void lw_signal_put_csm(lw_coap_out *out, lw_signal_csm csm)
{
    lw_coap_put_uint(out, OPT_MAX_MESSAGE_SIZE, csm.max_message_size);
    if (csm.has_block_wise) {
        lw_coap_put(out, OPT_BLOCK_WISE_TRANSFER, lw_bytes_of(NULL, 0));
    }
}

bool lw_signal_csm_has_bert(lw_signal_csm csm)
{
    return csm.has_block_wise && csm.max_message_size > LW_SIGNAL_MAX_MESSAGE_SIZE_BASE;
}

bool lw_signal_read_custody(lw_bytes options)
{
    lw_bytes value;
    return find_within(options, OPT_CUSTODY, 0, &value);
}

void lw_signal_put_custody(lw_coap_out *out)
{
    lw_coap_put(out, OPT_CUSTODY, lw_bytes_of(NULL, 0));
}

void lw_signal_read_release(lw_bytes options, lw_signal_release *out_release)
{
    lw_bytes value;
    *out_release = (lw_signal_release){0};
    if (find_within(options, OPT_ALTERNATIVE_ADDRESS, 255, &value)) {
        out_release->alternative = value;
    }
    if (find_within(options, OPT_HOLD_OFF, 3, &value)) {
        out_release->hold_off_s = lw_coap_opt_uint(value);
    }
}

void lw_signal_put_release(lw_coap_out *out, lw_signal_release release)
{
    if (release.alternative.len > 255 || release.hold_off_s > HOLD_OFF_MAX_S) {
        lw_writer_fail(out->w, LW_EINVAL);
        return;
    }
    if (release.alternative.len > 0) {
        lw_coap_put(out, OPT_ALTERNATIVE_ADDRESS, release.alternative);
    }
    if (release.hold_off_s > 0) {
        lw_coap_put_uint(out, OPT_HOLD_OFF, release.hold_off_s);
    }
}

bool lw_signal_read_abort(lw_bytes options, uint32_t *out_bad_csm_option)
{
    lw_bytes value;
    if (!find_within(options, OPT_BAD_CSM_OPTION, 2, &value)) {
        return false;
    }
    *out_bad_csm_option = lw_coap_opt_uint(value);
    return true;
}

void lw_signal_put_abort(lw_coap_out *out, uint32_t bad_csm_option)
{
    lw_coap_put_uint(out, OPT_BAD_CSM_OPTION, bad_csm_option);
}
