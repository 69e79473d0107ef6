/* Finds the definition of an object by id and version, and tells what the ids mean.
 *
 * A registry is an array of definitions, ascending by id and then by version: the device's own, the
 * generated ones, or what a host loaded from DDF files. It borrows them; several registries may
 * share them.
 */
#ifndef LW_MODEL_REGISTRY_H
#define LW_MODEL_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lw/object.h"
#include "model/version.h"

typedef struct lw_registry {
    const lw_object_def *const *defs; /* ascending by id, then by version */
    size_t count;
} lw_registry;

/* Ascending, nothing twice: what a registry must be. For tests and loaders. */
bool lw_registry_is_sorted(const lw_registry *registry);

/* The definition of exactly this version, else the newest known of the same major (VER-15), else
 * NULL: then every resource is untyped. */
const lw_object_def *lw_registry_find(const lw_registry *registry, uint16_t object,
                                      lw_object_version version);

/* The version an object has when a client of that enabler version names none (VER-13): a table for
 * the core objects, 1.0 for the others. A client sends `ver` where it has another (VER-11). */
lw_object_version lw_object_version_implied(lw_version enabler, uint16_t object);

/* VER-22 */
typedef enum lw_object_class {
    LW_OBJECT_CLASS_OMA,         /* core and OMA objects */
    LW_OBJECT_CLASS_EXT,         /* other standards bodies */
    LW_OBJECT_CLASS_VENDOR,      /* individual vendors */
    LW_OBJECT_CLASS_VENDOR_BULK, /* vendors, in bulk */
    LW_OBJECT_CLASS_TEST,        /* private tests, never in products */
    LW_OBJECT_CLASS_RESERVED
} lw_object_class;

lw_object_class lw_object_class_of(uint16_t object);

#endif
