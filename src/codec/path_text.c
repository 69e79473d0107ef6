#include "codec/path_text.h"

#include "model/id.h"

void lw_write_id(lw_writer *w, uint16_t id)
{
    char text[LW_ID_TEXT_MAX];
    lw_write_octets(w, text, lw_id_format(id, text));
}

void lw_write_path(lw_writer *w, lw_path path)
{
    unsigned depth = lw_path_depth(path);
    unsigned level = 0;
    do {
        lw_write_u8(w, '/');
        if (level < depth) {
            lw_write_id(w, lw_path_id(path, level + 1));
        }
    } while (++level < depth);
}
