#include "proto/refusal.h"

#include "coap/msg.h"

uint8_t lw_refusal_code(lw_refusal refusal)
{
    static const uint8_t codes[] = {
#define CODE(name, class, detail, text) LW_COAP_CODE(class, detail),
        LW_REFUSAL_LIST(CODE)
#undef CODE
    };
    return (unsigned)refusal < LW_REFUSAL_COUNT ? codes[refusal] : LW_COAP_BAD_REQUEST;
}

const char *lw_refusal_text(lw_refusal refusal)
{
    static const char *const texts[] = {
#define TEXT(name, class, detail, text) text,
        LW_REFUSAL_LIST(TEXT)
#undef TEXT
    };
    return (unsigned)refusal < LW_REFUSAL_COUNT ? texts[refusal] : "";
}
