/* A directory for a test of the SQLite store, and what goes with it. */
#ifndef LW_STORE_SQLITE_RIG_TEST_H
#define LW_STORE_SQLITE_RIG_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for who compiles it alone */
#endif

#include "store/rows_test.h"

#include <dirent.h>
#include <unistd.h>

#include "store/store.h"

static char rig_dir[64];

/* Makes rig_dir: in memory where that can be had, since no test here needs to wait for a disk. */
static inline void rig_make_dir(void)
{
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(rig_dir, sizeof rig_dir, "%s/lw-store-XXXXXX", tmp);
    assert_non_null(mkdtemp(rig_dir));
}

static inline void rig_path(const char *name, char out[384])
{
    snprintf(out, 384, "%s/%s", rig_dir, name);
}

/* Removes rig_dir and the files in it. */
static inline void rig_remove_dir(void)
{
    char path[384];
    DIR *dir = opendir(rig_dir);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        rig_path(entry->d_name, path);
        unlink(path); /* "." and ".." stay */
    }
    closedir(dir);
    assert_int_equal(rmdir(rig_dir), 0);
}

static inline lw_store *rig_open(const lw_store_options *options)
{
    lw_store *store = NULL;
    char why[LW_STORE_WHY_MAX];
    if (lw_store_sqlite_open(rig_dir, options, &store, why, sizeof why) != LW_OK) {
        fail_msg("%s", why);
    }
    assert_string_equal(why, "");
    return store;
}

static inline void rig_close(lw_store *store)
{
    store->ops->close(store);
}

/* Durable when it returns. */
static inline void rig_put(lw_store *store, lw_row row)
{
    lw_ticket ticket = 0;
    assert_ok(store->ops->put(store, &row, LW_URGENT, &ticket));
    assert_ok(store->ops->wait(store, ticket));
}

static inline size_t rig_count(lw_store *store, lw_row_kind kind)
{
    basket b = {0};
    assert_ok(store->ops->each(store, kind, basket_take, &b));
    size_t count = b.count;
    basket_empty(&b);
    return count;
}

static inline void rig_expect(lw_store *store, lw_row row)
{
    basket b = {0};
    assert_ok(store->ops->get(store, &row, basket_take, &b));
    assert_int_equal(b.count, 1);
    assert_same_row(b.rows[0], &row);
    basket_empty(&b);
}

#endif
