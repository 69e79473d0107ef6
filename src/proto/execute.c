#include "proto/execute.h"

static bool is_char(uint8_t c)
{
    return c > ' ' && c < 0x7F && c != '"' && c != '\'' && c != '\\';
}

lw_exec_args lw_exec_args_of(lw_bytes payload)
{
    return (lw_exec_args){.rest = payload};
}

lw_err lw_exec_args_next(lw_exec_args *args, lw_exec_arg *out_arg)
{
    if (args->rest.len == 0) {
        return LW_END;
    }
    const uint8_t *p = args->rest.ptr;
    const uint8_t *end = p + args->rest.len;
    lw_bytes value = {NULL, 0};
    if (args->seen != 0 && *p++ != ',') {
        return LW_EFORMAT;
    }
    if (p == end || *p < '0' || *p > '9') {
        return LW_EFORMAT;
    }
    uint8_t digit = (uint8_t)(*p++ - '0');
    if (p < end && *p == '=') {
        p++;
        if (p == end || *p++ != '\'') {
            return LW_EFORMAT;
        }
        value.ptr = p;
        while (p < end && is_char(*p)) {
            p++;
        }
        value.len = (size_t)(p - value.ptr);
        if (p == end || *p++ != '\'') {
            return LW_EFORMAT;
        }
    }
    unsigned seen = args->seen;
    if ((seen >> digit & 1u) != 0) {
        return LW_EFORMAT;
    }
    args->seen = (uint16_t)(seen | 1u << digit);
    args->rest = lw_bytes_of(p, (size_t)(end - p));
    *out_arg = (lw_exec_arg){.digit = digit, .value = value};
    return LW_OK;
}

lw_err lw_exec_args_find(lw_bytes payload, uint8_t digit, lw_exec_arg *out_arg)
{
    lw_exec_args args = lw_exec_args_of(payload);
    lw_err found = LW_ENOTFOUND;
    lw_exec_arg arg;
    lw_err err;
    while ((err = lw_exec_args_next(&args, &arg)) == LW_OK) {
        if (arg.digit == digit) {
            *out_arg = arg;
            found = LW_OK;
        }
    }
    return err == LW_END ? found : err;
}

void lw_exec_args_put(lw_writer *w, uint16_t *seen, lw_exec_arg arg)
{
    bool legal = arg.digit <= 9 && (*seen >> arg.digit & 1) == 0;
    for (size_t i = 0; i < arg.value.len; i++) {
        legal = legal && is_char(arg.value.ptr[i]);
    }
    if (!legal) {
        lw_writer_fail(w, LW_EINVAL);
        return;
    }
    if (*seen != 0) {
        lw_write_u8(w, ',');
    }
    *seen = (uint16_t)(*seen | 1u << arg.digit);
    lw_write_u8(w, (uint8_t)('0' + arg.digit));
    if (arg.value.ptr != NULL) {
        lw_write_str(w, "='");
        lw_write_bytes(w, arg.value);
        lw_write_u8(w, '\'');
    }
}
