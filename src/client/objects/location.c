#include "lw/acts.h"
#include "lw/objects.h"
#include "lw/standard_objects.h"

LW_DECLARE_OBJECT(lw_location, lw_object_6_v1_0, LW_LOCATION, 1, NULL)

lw_err lw_location_fix(lw_tree *tree, double latitude, double longitude, int64_t timestamp)
{
    bool is_on_earth = latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180;
    if (!is_on_earth) {
        return LW_ERANGE;
    }
    int64_t seconds = timestamp >= 0 ? timestamp : lw_act_wall_clock(lw_tree_ctx(tree));
    if (seconds < 0) {
        return LW_ESTATE;
    }
    lw_err err = lw_location_set_timestamp(tree, 0, seconds);
    if (err == LW_OK) {
        err = lw_location_set_latitude(tree, 0, latitude);
    }
    return err == LW_OK ? lw_location_set_longitude(tree, 0, longitude) : err;
}
