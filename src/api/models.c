#include "api/models.h"

#include <stdlib.h>
#include <string.h>

#include "lw/objects.h"

static uint32_t rank_of(const lw_object_def *def)
{
    return (uint32_t)def->id << 16 | (uint32_t)def->major << 8 | def->minor;
}

/* ---- Sets ----------------------------------------------------------------------------------- */

static models_set *set_new(size_t count)
{
    models_set *set = calloc(1, sizeof *set);
    if (set == NULL) {
        return NULL;
    }
    set->defs = calloc(count + 1, sizeof(void *));
    set->entries = calloc(count + 1, sizeof *set->entries);
    if (set->defs == NULL || set->entries == NULL) {
        free(set->defs);
        free(set->entries);
        free(set);
        return NULL;
    }
    atomic_init(&set->holders, 1);
    return set;
}

static void file_drop(models_file *file)
{
    if (file != NULL && atomic_fetch_sub(&file->holders, 1) == 1) {
        lw_ddf_free(file->ddf);
        free(file);
    }
}

/* Puts an entry where it belongs by id and version, in the place of one with the same; holds its
 * file. */
static void set_put(models_set *set, models_entry entry)
{
    size_t at = set->count;
    uint32_t rank = rank_of(entry.text->def);
    while (at > 0 && rank_of(set->defs[at - 1]) >= rank) {
        at--;
    }
    if (entry.file != NULL) {
        atomic_fetch_add(&entry.file->holders, 1);
    }
    if (at < set->count && rank_of(set->defs[at]) == rank) {
        file_drop(set->entries[at].file);
    } else {
        memmove(&set->defs[at + 1], &set->defs[at], (set->count - at) * sizeof(void *));
        memmove(&set->entries[at + 1], &set->entries[at], (set->count - at) * sizeof *set->entries);
        set->count++;
    }
    set->defs[at] = entry.text->def;
    set->entries[at] = entry;
    set->registry = (lw_registry){set->defs, set->count};
}

models_set *models_hold_again(models_set *set)
{
    atomic_fetch_add(&set->holders, 1);
    return set;
}

models_set *models_hold(models *m)
{
    pthread_mutex_lock(&m->lock);
    models_set *set = models_hold_again(m->now);
    pthread_mutex_unlock(&m->lock);
    return set;
}

void models_drop(models_set *set)
{
    if (set == NULL || atomic_fetch_sub(&set->holders, 1) != 1) {
        return;
    }
    for (size_t i = 0; i < set->count; i++) {
        file_drop(set->entries[i].file);
    }
    free(set->defs);
    free(set->entries);
    free(set);
}

/* ---- What is in force ----------------------------------------------------------------------- */

static void put_built_in(models_set *set)
{
    for (size_t i = 0; i < LW_OBJECTS_ALL_COUNT; i++) {
        set_put(set, (models_entry){lw_objects_all_text[i], NULL});
    }
}

lw_err models_init(models *m)
{
    *m = (models){.now = set_new(LW_OBJECTS_ALL_COUNT)};
    if (m->now == NULL) {
        return LW_ENOMEM;
    }
    put_built_in(m->now);
    pthread_mutex_init(&m->lock, NULL);
    return LW_OK;
}

void models_fini(models *m)
{
    if (m->now != NULL) {
        models_drop(m->now);
        pthread_mutex_destroy(&m->lock);
    }
    m->now = NULL;
}

static size_t count_uploaded(const models_set *set)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        count += set->entries[i].file != NULL;
    }
    return count;
}

/* A set with the uploaded entries of the old one but `without`; room for `more` besides. */
static models_set *copy_without(const models_set *old, const lw_object_def *without, size_t more)
{
    models_set *set = set_new(LW_OBJECTS_ALL_COUNT + old->count + more);
    if (set == NULL) {
        return NULL;
    }
    put_built_in(set);
    for (size_t i = 0; i < old->count; i++) {
        if (old->entries[i].file != NULL && old->defs[i] != without) {
            set_put(set, old->entries[i]);
        }
    }
    return set;
}

/* Needs the lock. */
static void replace(models *m, models_set *set)
{
    models_drop(m->now);
    m->now = set;
}

lw_err models_add(models *m, lw_ddf *ddf, size_t first, size_t count)
{
    models_file *file = calloc(1, sizeof *file);
    if (file == NULL) {
        lw_ddf_free(ddf);
        return LW_ENOMEM;
    }
    atomic_init(&file->holders, 1); /* ours */
    file->ddf = ddf;
    pthread_mutex_lock(&m->lock);
    models_set *set = NULL;
    if (count_uploaded(m->now) + count <= API_MODELS_MAX) {
        set = copy_without(m->now, NULL, count);
    }
    if (set != NULL) {
        for (size_t i = first; i < first + count; i++) {
            set_put(set, (models_entry){&ddf->objects[i], file});
        }
        replace(m, set);
    }
    pthread_mutex_unlock(&m->lock);
    file_drop(file);
    return set != NULL ? LW_OK : LW_ENOMEM;
}

lw_err models_remove(models *m, uint16_t id, uint8_t major, uint8_t minor)
{
    lw_err err = LW_OK;
    pthread_mutex_lock(&m->lock);
    const models_entry *entry = models_find(m->now, id, major, minor);
    if (entry == NULL) {
        err = LW_ENOTFOUND;
    } else if (entry->file == NULL) {
        err = LW_EDENIED;
    } else {
        models_set *set = copy_without(m->now, entry->text->def, 0);
        if (set != NULL) {
            replace(m, set);
        } else {
            err = LW_ENOMEM;
        }
    }
    pthread_mutex_unlock(&m->lock);
    return err;
}

/* ---- Asking --------------------------------------------------------------------------------- */

const models_entry *models_find(const models_set *set, uint16_t id, uint8_t major, uint8_t minor)
{
    uint32_t rank = (uint32_t)id << 16 | (uint32_t)major << 8 | minor;
    size_t low = 0;
    size_t high = set->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (rank_of(set->defs[middle]) < rank) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < set->count && rank_of(set->defs[low]) == rank ? &set->entries[low] : NULL;
}

const models_entry *models_entry_of(const models_set *set, const lw_object_def *def)
{
    return def != NULL ? models_find(set, def->id, def->major, def->minor) : NULL;
}

const lw_resource_text *models_resource_text(const models_set *set, const lw_object_def *def,
                                             uint16_t id)
{
    const models_entry *entry = models_entry_of(set, def);
    const lw_resource_def *resource = def != NULL ? lw_object_def_resource(def, id) : NULL;
    if (entry == NULL || resource == NULL) {
        return NULL;
    }
    return &entry->text->resources[resource - def->resources];
}
