#include "model/id.h"

#include "base/num.h"

lw_err lw_id_read(lw_bytes text, size_t *pos, uint16_t *out_id)
{
    size_t start = *pos;
    size_t i = start;
    uint32_t id = 0;
    while (i < text.len && lw_num_is_digit(text.ptr[i])) {
        id = id * 10 + (uint32_t)(text.ptr[i] - '0');
        if (id > UINT16_MAX) {
            return LW_ERANGE;
        }
        i++;
    }
    if (i == start || (i > start + 1 && text.ptr[start] == '0')) {
        return LW_EFORMAT;
    }
    *pos = i;
    *out_id = (uint16_t)id;
    return LW_OK;
}

size_t lw_id_format(uint16_t id, char out[LW_ID_TEXT_MAX])
{
    return lw_num_format_uint64(id, out);
}
