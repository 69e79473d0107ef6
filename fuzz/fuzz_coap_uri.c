/* URIs: what parses becomes options, these become a URI, and that becomes the same options. */
#include "fuzz.h"

#include "testing/coap_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FUZZ_CHECK(lw_uri_survives(lw_bytes_of(data, size)));
    return 0;
}
