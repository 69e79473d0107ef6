/* Paths and their identifiers as text, straight into a writer: names of SenML, targets of links. */
#ifndef LW_CODEC_PATH_TEXT_H
#define LW_CODEC_PATH_TEXT_H

#include <stdint.h>

#include "base/writer.h"
#include "lw/path.h"

/* "9" */
void lw_write_id(lw_writer *w, uint16_t id);

/* "/3/0/9"; "/" for the root. */
void lw_write_path(lw_writer *w, lw_path path);

#endif
