/* What a TCP connection delivers, message after message, and the same octets as one WebSocket
 * message; signals are read. */
#include "fuzz.h"

#include "coap/signal.h"
#include "coap/stream.h"
#include "testing/coap_vectors.h"

#define MAX_SIZE 65536u

static void read_signal(const lw_coap_msg *m)
{
    uint32_t number;
    if (!lw_coap_code_is_signal(m->code) || lw_signal_check(m->options, &number) != LW_OK) {
        return;
    }
    lw_signal_csm csm = lw_signal_csm_base();
    lw_signal_read_csm(m->options, &csm);
    lw_signal_release release;
    lw_signal_read_release(m->options, &release);
    FUZZ_CHECK(release.alternative.len <= 255 && release.hold_off_s < 1u << 24);
    (void)lw_signal_read_custody(m->options);
    (void)lw_signal_read_abort(m->options, &number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    lw_bytes in = lw_bytes_of(data, size);
    FUZZ_CHECK(lw_coap_survives(LW_COAP_WIRE_WEBSOCKET, in));
    for (;;) {
        FUZZ_CHECK(lw_coap_survives(LW_COAP_WIRE_TCP, in));
        lw_coap_msg m;
        size_t taken;
        lw_err err = lw_stream_parse(in, MAX_SIZE, &m, &taken);
        FUZZ_CHECK(err != LW_AGAIN || (taken > in.len && taken <= MAX_SIZE));
        if (err != LW_OK) {
            return 0;
        }
        read_signal(&m);
        in = lw_bytes_from(in, taken);
    }
}
