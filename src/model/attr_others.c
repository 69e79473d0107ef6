/* Where attributes that are no periods may stand: a file of its own, for devices that do not know
 * them. */
#include "model/attr.h"

#define TYPE(name) (1u << LW_TYPE_##name)
#define NUMERIC    (TYPE(INTEGER) | TYPE(UNSIGNED) | TYPE(FLOAT) | TYPE(TIME))
#define BOOLEAN    TYPE(BOOLEAN)

/* Conditions at values of their types, con everywhere, hqmax not in the query of a list (OBS-23).
 */
bool lw_attr_may_stand(const lw_attrs_change *change, unsigned attr)
{
    if ((LW_ATTR_BIT(attr) & LW_ATTRS_CONDITIONS) == 0) {
        return attr == LW_ATTR_CON || change->level > LW_LEVEL_ROOT;
    }
    unsigned types = attr == LW_ATTR_EDGE ? BOOLEAN : NUMERIC;
    return change->level >= LW_LEVEL_RESOURCE &&
           (change->def == NULL || (types >> change->def->type & 1) != 0);
}

const lw_attr_known lw_attr_all = {.bits = LW_ATTR_BIT(LW_ATTR_COUNT) - 1,
                                   .may_stand = lw_attr_may_stand,
                                   .decimal = &lw_attr_decimal_text};
