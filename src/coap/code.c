#include "coap/code.h"

const char *lw_coap_code_name(uint8_t code)
{
    switch (code) {
#define CODE_CASE(name, c, dd, text) \
    case LW_COAP_##name:             \
        return text;
        LW_COAP_CODE_LIST(CODE_CASE)
#undef CODE_CASE
    default:
        return "";
    }
}

void lw_coap_code_format(uint8_t code, char out[4])
{
    unsigned detail = code & 31u;
    out[0] = (char)('0' + lw_coap_code_class(code));
    out[1] = '.';
    out[2] = (char)('0' + detail / 10);
    out[3] = (char)('0' + detail % 10);
}
