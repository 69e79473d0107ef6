/* What devices send, as JSON: whatever the octets are, what comes out is JSON that a strict reader
 * takes. The first octet is the format, or says that they are links. */
#include <jansson.h>

#include "api/answer.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t formats[] = {0,   42,    60,    110,   112, 320,
                                       322, 11542, 11543, 11544, 7,   65535};
    static models definitions;
    if (definitions.now == NULL && models_init(&definitions) != LW_OK) {
        return 0;
    }
    if (size == 0) {
        return 0;
    }
    size_t which = data[0] % (sizeof formats / sizeof *formats + 1);
    lw_bytes payload = lw_bytes_of(data + 1, size - 1);
    view v = {.models = models_hold(&definitions)};
    json_out o = {.text = NULL};
    out_object(&o, NULL);
    if (which == sizeof formats / sizeof *formats) {
        answer_links(&o, &v, payload);
    } else {
        lw_path base = data[0] < 128 ? lw_path_instance(3, 0) : lw_path_resource(3303, 0, 5700);
        answer_payload(&o, &v, base, formats[which], payload, 1769846400000);
    }
    out_end(&o, '}');
    FUZZ_CHECK(!o.failed);
    json_t *json = json_loadb(o.text, o.len, JSON_ALLOW_NUL, NULL);
    FUZZ_CHECK(json != NULL);
    json_decref(json);
    out_fini(&o);
    models_drop(v.models);
    return 0;
}
