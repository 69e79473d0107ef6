#include "proto/endpoint.h"

#include "base/num.h"
#include "base/utf8.h"

bool lw_endpoint_is_valid(lw_bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < ' ' || name.ptr[i] == 0x7F) {
            return false;
        }
    }
    return name.len > 0 && name.len <= LW_ENDPOINT_MAX && lw_utf8_is_valid(name);
}

static bool is_hex(uint8_t c)
{
    return lw_num_hex_digit(c) >= 0;
}

/* In a pattern: 9 a decimal digit, F a hexadecimal one, * anything but nothing up to the end; all
 * else stands for itself. */
static bool matches(lw_bytes name, const char *pattern)
{
    size_t i = 0;
    for (; *pattern != '\0'; pattern++, i++) {
        if (i == name.len) {
            return false;
        }
        uint8_t c = name.ptr[i];
        if (*pattern == '*') {
            return true;
        }
        bool fits = *pattern == '9'   ? lw_num_is_digit(c)
                    : *pattern == 'F' ? is_hex(c)
                                      : c == (uint8_t)*pattern;
        if (!fits) {
            return false;
        }
    }
    return i == name.len;
}

lw_endpoint_form lw_endpoint_form_of(lw_bytes name)
{
    static const struct {
        const char *pattern;
        lw_endpoint_form form;
    } forms[] = {
        {"urn:uuid:FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF", LW_ENDPOINT_UUID},
        {"urn:dev:ops:*", LW_ENDPOINT_OPS},
        {"urn:dev:os:*", LW_ENDPOINT_OS},
        {"urn:gsma:imei:99999999-999999-9", LW_ENDPOINT_GSMA_IMEI},
        {"urn:3gpp2:meid:*", LW_ENDPOINT_3GPP2_MEID},
        {"urn:imei:999999999999999", LW_ENDPOINT_DEPRECATED},
        {"urn:esn:FFFFFFFF", LW_ENDPOINT_DEPRECATED},
        {"urn:meid:FFFFFFFFFFFFFF", LW_ENDPOINT_DEPRECATED},
        {"urn:imei-msisdn:999999999999999-999999999999999", LW_ENDPOINT_DEPRECATED},
        {"urn:imei-imsi:999999999999999-999999999999999", LW_ENDPOINT_DEPRECATED},
        {"urn:imei-iccid:*", LW_ENDPOINT_DEPRECATED},
        {"urn:nai:*", LW_ENDPOINT_DEPRECATED},
        {"urn:extid:*", LW_ENDPOINT_DEPRECATED},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (matches(name, forms[i].pattern)) {
            return forms[i].form;
        }
    }
    return LW_ENDPOINT_OTHER;
}
