/* The definitions of objects that are in force: those that came with the server, and those that
 * were uploaded.
 *
 * A set never changes. Who uses one holds it (models_hold … models_drop); a change makes a new set
 * and puts it in the place of the old one, which goes when nobody holds it any more. The engine of
 * each shard holds one, too.
 */
#ifndef LW_API_MODELS_H
#define LW_API_MODELS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ddf/load.h"
#include "lw/object.h"
#include "model/registry.h"

#define API_MODELS_MAX 4096u /* definitions that are uploaded */

/* A file that was uploaded, as long as a set needs it. */
typedef struct models_file {
    atomic_int holders;
    lw_ddf *ddf;
} models_file;

typedef struct models_entry {
    const lw_object_text *text;
    models_file *file; /* NULL: it came with the server */
} models_entry;

typedef struct models_set {
    atomic_int holders;
    lw_registry registry;
    const lw_object_def **defs; /* of the registry */
    models_entry *entries;      /* parallel to them */
    size_t count;
} models_set;

typedef struct models {
    pthread_mutex_t lock; /* guards `now` */
    models_set *now;
} models;

/* Begins with what came with the server. LW_ENOMEM. */
LW_MUST_CHECK lw_err models_init(models *m);
void models_fini(models *m);

models_set *models_hold(models *m);
models_set *models_hold_again(models_set *set);
void models_drop(models_set *set);

/* Adds `count` definitions of a file from `first` on, in the place of what has the same id and
 * version. Takes the ddf, also on failure. LW_ENOMEM: also above API_MODELS_MAX. */
LW_MUST_CHECK lw_err models_add(models *m, lw_ddf *ddf, size_t first, size_t count);

/* Takes one away; what it replaced is in force again. LW_ENOTFOUND; LW_EDENIED: it came with the
 * server. */
LW_MUST_CHECK lw_err models_remove(models *m, uint16_t id, uint8_t major, uint8_t minor);

/* The entry of a definition in this set, or of exactly that version; NULL when there is none. */
const models_entry *models_entry_of(const models_set *set, const lw_object_def *def);
const models_entry *models_find(const models_set *set, uint16_t id, uint8_t major, uint8_t minor);

/* Name and unit of a resource; NULL: not known. */
const lw_resource_text *models_resource_text(const models_set *set, const lw_object_def *def,
                                             uint16_t id);

#endif
