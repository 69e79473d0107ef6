#include "model/version.h"

#include "model/id.h"

static lw_bytes without_quotes(lw_bytes text)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
        return lw_bytes_of(text.ptr + 1, text.len - 2);
    }
    return text;
}

/* Reads numbers with dots between them, at most `max`; returns in *out_count how many there were.
 */
static lw_err read_numbers(lw_bytes text, uint16_t *numbers, unsigned max, unsigned *out_count)
{
    size_t pos = 0;
    for (unsigned i = 0; i < max; i++) {
        lw_err err = lw_id_read(text, &pos, &numbers[i]);
        if (err != LW_OK) {
            return err;
        }
        if (pos == text.len) {
            *out_count = i + 1;
            return LW_OK;
        }
        if (text.ptr[pos++] != '.') {
            return LW_EFORMAT;
        }
    }
    return LW_EFORMAT;
}

lw_err lw_version_parse(lw_bytes text, lw_version *out_version)
{
    uint16_t n[3];
    unsigned count = 0;
    *out_version = LW_VERSION_NONE;
    lw_err err = read_numbers(without_quotes(text), n, 3, &count);
    if ((err != LW_OK && err != LW_ERANGE) || count == 1) {
        return LW_EFORMAT;
    }
    if (err == LW_ERANGE || n[0] != 1) {
        return LW_ENOTSUP;
    }
    if (n[1] > LW_VERSION_NEWEST - LW_VERSION_1_0) {
        *out_version = LW_VERSION_NEWEST;
        return LW_ENOTSUP;
    }
    *out_version = (lw_version)(LW_VERSION_1_0 + n[1]);
    return LW_OK;
}

const char *lw_version_text(lw_version version)
{
    static const char texts[][4] = {"1.0", "1.1", "1.2", ""};
    unsigned minor = (unsigned)version - LW_VERSION_1_0;
    return texts[minor < 3 ? minor : 3];
}

lw_version lw_version_lower(lw_version version)
{
    return version > LW_VERSION_1_0 ? (lw_version)(version - 1) : LW_VERSION_NONE;
}

lw_err lw_object_version_parse(lw_bytes text, lw_object_version *out_version)
{
    uint16_t n[2];
    unsigned count = 0;
    lw_err err = read_numbers(without_quotes(text), n, 2, &count);
    if (err != LW_OK) {
        return err;
    }
    if (count != 2) {
        return LW_EFORMAT;
    }
    if (n[0] > UINT8_MAX || n[1] > UINT8_MAX) {
        return LW_ERANGE;
    }
    *out_version = (lw_object_version){(uint8_t)n[0], (uint8_t)n[1]};
    return LW_OK;
}

size_t lw_object_version_format(lw_object_version version, char out[LW_OBJECT_VERSION_TEXT_MAX])
{
    char digits[LW_ID_TEXT_MAX];
    size_t len = lw_id_format(version.major, digits);
    memcpy(out, digits, len);
    out[len++] = '.';
    size_t minor_len = lw_id_format(version.minor, digits);
    memcpy(out + len, digits, minor_len);
    return len + minor_len;
}
