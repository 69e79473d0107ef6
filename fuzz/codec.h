/* The fuzz target of a payload format: what decodes in one piece decodes the same in small ones,
 * and what was decoded is encoded and decodes to the same.
 *
 * Input: two octets that choose the circumstances, then the payload. The first:
 *   bits 0-1   use: values, a fetch list, a patch, values whose names are paths alone
 *   bit 2      types are known: the resource id's last digit is the lw_type
 *   bits 3-5   depth of the request path; more than 4 is 3
 *   bit 6      not looked at, so that letters can be used
 *   bit 7      the alternate path is "lwm2m"
 * The second is the resource of the request path, /33000/0/RESOURCE/0: '3' is a String, '4' an
 * Integer, and so on.
 */
#ifndef FUZZ_CODEC_H
#define FUZZ_CODEC_H

#include "fuzz.h"

#include "codec/front.h"
#include "testing/codec_vectors.h"

static inline lw_type fuzz_type_of(void *ctx, lw_path path)
{
    (void)ctx;
    return (lw_type)(lw_path_id(path, LW_LEVEL_RESOURCE) % 10);
}

static inline int fuzz_codec(const lw_format *format, const uint8_t *data, size_t size)
{
    static uint8_t scratch[4096];
    if (size < 2) {
        return 0;
    }
    static const uint8_t uses[] = {LW_FORMAT_STRUCTURED, LW_FORMAT_FETCH, LW_FORMAT_PATCH,
                                   LW_FORMAT_STRUCTURED};
    unsigned depth = data[0] >> 3 & 7;
    lw_decode_cfg cfg = {.use = uses[data[0] & 3],
                         .type_of = (data[0] & 4) != 0 ? fuzz_type_of : NULL,
                         .scratch = scratch,
                         .scratch_len = sizeof scratch};
    cfg.base = lw_path_resource_instance(33000, 0, data[1], 0);
    cfg.base = lw_path_cut(cfg.base, depth > 4 ? 3 : depth);
    lw_front front = lw_front_of(lw_bytes_str((data[0] & 0x80) != 0 ? "lwm2m" : ""));
    cfg.front = (data[0] & 3) == 3 ? NULL : &front;
    FUZZ_CHECK(lw_codec_survives(format, &cfg, lw_bytes_of(data + 2, size - 2)));
    return 0;
}

#endif
