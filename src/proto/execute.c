#include "proto/execute.h"

static bool is_char(uint8_t c)
{
    return c > ' ' && c < 0x7F && c != '"' && c != '\'' && c != '\\';
}

lw_exec_args lw_exec_args_of(lw_bytes payload)
{
    return (lw_exec_args){.rest = payload};
}

/* The value in quotes at the start of `text`; false when there is none. */
static bool read_value(lw_bytes text, lw_bytes *out_value)
{
    if (text.len == 0 || text.ptr[0] != '\'') {
        return false;
    }
    size_t end = 1;
    while (end < text.len && is_char(text.ptr[end])) {
        end++;
    }
    *out_value = lw_bytes_of(text.ptr + 1, end - 1);
    return end < text.len && text.ptr[end] == '\'';
}

lw_err lw_exec_args_next(lw_exec_args *args, lw_exec_arg *out_arg)
{
    lw_bytes rest = args->rest;
    bool first = args->seen == 0;
    if (rest.len == 0) {
        return LW_END;
    }
    if (!first) {
        if (rest.ptr[0] != ',') {
            return LW_EFORMAT;
        }
        rest = lw_bytes_from(rest, 1);
    }
    if (rest.len == 0 || rest.ptr[0] < '0' || rest.ptr[0] > '9') {
        return LW_EFORMAT;
    }
    lw_exec_arg arg = {.digit = (uint8_t)(rest.ptr[0] - '0')};
    rest = lw_bytes_from(rest, 1);
    if (rest.len > 0 && rest.ptr[0] == '=') {
        rest = lw_bytes_from(rest, 1);
        if (!read_value(rest, &arg.value)) {
            return LW_EFORMAT;
        }
        rest = lw_bytes_from(rest, arg.value.len + 2);
    }
    uint16_t bit = (uint16_t)(1u << arg.digit);
    if ((args->seen & bit) != 0) {
        return LW_EFORMAT;
    }
    args->seen |= bit;
    args->rest = rest;
    *out_arg = arg;
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
