/* A file of its own, so that naming it is what links floating-point text. */
#include "base/num.h"
#include "model/attr.h"

static void write_decimal(lw_writer *w, double number)
{
    char text[LW_NUM_TEXT_MAX];
    size_t len = lw_num_format_double(number, false, LW_NUM_PLAIN, text);
    lw_write_bytes(w, lw_bytes_of(text, len));
}

const lw_attr_decimal lw_attr_decimal_text = {lw_num_parse_double, write_decimal};
