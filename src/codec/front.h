/* What may stand in front of a path where a name in SenML says it as text: the alternate path of
 * the device's objects (VER-32, VER-34), then the prefix of a gateway's end device (GW-04, GW-06).
 *
 *   /lwm2m/d01/3/0/9
 *
 * For who talks to devices of others. A device that is no gateway, and has its objects at the root,
 * does without: its names are paths.
 */
#ifndef LW_CODEC_FRONT_H
#define LW_CODEC_FRONT_H

#include "codec/format.h"

struct lw_front {
    lw_bytes alternate_path; /* "lwm2m" without slashes; usually empty. Names that are read may lack
                                it */
    /* Sets path and prefix of the entry. */
    lw_err (*read)(const lw_front *front, lw_bytes name, lw_entry *out_entry);
    /* What stands in front of the entry's path. */
    void (*write)(const lw_front *front, const lw_entry *e, lw_writer *w);
    /* Do all entries have the same prefix? */
    bool (*is_shared)(const lw_source *source);
};

lw_front lw_front_of(lw_bytes alternate_path);

#endif
