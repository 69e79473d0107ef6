#include "model/registry.h"

/* Id and version as one number that sorts like the registry. */
static uint32_t rank_of(const lw_object_def *def)
{
    return (uint32_t)def->id << 16 | (uint32_t)def->major << 8 | def->minor;
}

bool lw_registry_is_sorted(const lw_registry *registry)
{
    for (size_t i = 1; i < registry->count; i++) {
        if (rank_of(registry->defs[i - 1]) >= rank_of(registry->defs[i])) {
            return false;
        }
    }
    return true;
}

/* How many definitions rank at most `rank`. */
static size_t count_up_to(const lw_registry *registry, uint32_t rank)
{
    size_t low = 0;
    size_t high = registry->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rank_of(registry->defs[middle]) <= rank) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

const lw_object_def *lw_registry_find(const lw_registry *registry, uint16_t object,
                                      lw_object_version version)
{
    uint32_t major = (uint32_t)object << 16 | (uint32_t)version.major << 8;
    size_t end = count_up_to(registry, major | version.minor);
    if (end > 0 && rank_of(registry->defs[end - 1]) == (major | version.minor)) {
        return registry->defs[end - 1];
    }
    end = count_up_to(registry, major | UINT8_MAX);
    if (end > 0 && rank_of(registry->defs[end - 1]) >= major) {
        return registry->defs[end - 1];
    }
    return NULL;
}

lw_object_version lw_object_version_implied(lw_version enabler, uint16_t object)
{
    /* The rows of the table of protocol.md section 1.2 that do not say 1.0, or nothing, throughout.
     * Of its columns 1.1 and 1.1.1 the second one stands here: both say "1.1" on the wire (VER-17,
     * P-REG-15). 0x13 is 1.3. */
    static const struct {
        uint8_t object;
        uint8_t in[3];
    } table[] = {
        /*                                1.0  1.1.1   1.2 */
        {0 /* Security */, {0x10, 0x11, 0x12}},
        {1 /* Server */, {0x10, 0x11, 0x12}},
        {2 /* Access Control */, {0x10, 0x10, 0x11}},
        {3 /* Device */, {0x10, 0x11, 0x12}},
        {4 /* Connectivity Monitoring */, {0x10, 0x12, 0x13}},
        {5 /* Firmware Update */, {0x10, 0x10, 0x11}}, /* P-REG-16 */
        {21 /* OSCORE */, {0x10, 0x10, 0x20}},
    };
    unsigned column = enabler >= LW_VERSION_1_2 ? 2 : enabler == LW_VERSION_1_1 ? 1 : 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        uint8_t version = table[i].in[column];
        if (table[i].object == object) {
            return (lw_object_version){version >> 4, version & 15};
        }
    }
    return (lw_object_version){1, 0};
}

lw_object_class lw_object_class_of(uint16_t object)
{
    static const struct {
        uint16_t last;
        uint8_t class;
    } table[] = {
        {1023, LW_OBJECT_CLASS_OMA},          {2047, LW_OBJECT_CLASS_RESERVED},
        {10240, LW_OBJECT_CLASS_EXT},         {32768, LW_OBJECT_CLASS_VENDOR},
        {42768, LW_OBJECT_CLASS_VENDOR_BULK}, {42800, LW_OBJECT_CLASS_TEST},
        {65535, LW_OBJECT_CLASS_RESERVED},
    };
    size_t i = 0;
    while (object > table[i].last) {
        i++;
    }
    return (lw_object_class)table[i].class;
}
