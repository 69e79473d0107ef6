/* text/plain. Input: see codec.h. */
#include "codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_codec(&lw_format_text, data, size);
}
