/* Datagrams: what parses is written again as the same octets; the helpers on its options may answer
 * anything, but read nothing outside. */
#include "fuzz.h"

#include "coap/block.h"
#include "testing/coap_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lw_bytes in = lw_bytes_of(data, size);
    FUZZ_CHECK(lw_coap_survives(LW_COAP_WIRE_DATAGRAM, in));

    lw_coap_msg m;
    if (lw_coap_msg_parse(in, &m) != LW_OK) {
        return 0;
    }
    uint32_t number = 0;
    lw_err err = lw_coap_opts_check(m.options, &number);
    FUZZ_CHECK(err == LW_OK || (err == LW_EPROTO && lw_coap_opt_is_critical(number)));
    if (lw_coap_has(&m.noted, LW_COAP_NOTE_BLOCK1)) {
        uint32_t block = m.noted.value[LW_COAP_NOTE_BLOCK1];
        size_t offset = lw_block_offset(block);
        FUZZ_CHECK(lw_block_of(offset, lw_block_szx(block), lw_block_has_more(block)) == block);
    }
    return 0;
}
