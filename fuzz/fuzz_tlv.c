/* TLV (11542): whole and in chunks it decodes to the same, and what decodes comes back when
 * encoded. */
#include "codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_codec(&lw_format_tlv, data, size);
}
