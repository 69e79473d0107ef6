/* A copy of the file while the server goes on: SQLite's own, page by page. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite/sqlite_priv.h"

#define PAGES 256 /* copied between two calls of `progress` */

typedef struct copying {
    lw_db *from;
    sqlite3 *to;
    lw_store_progress_fn *progress;
    void *ctx;
    const char *why;
} copying;

static lw_err copy_pages(copying *c)
{
    sqlite3_backup *backup = sqlite3_backup_init(c->to, "main", c->from->sq, "main");
    int code = backup != NULL ? SQLITE_OK : sqlite3_extended_errcode(c->to);
    bool goes_on = true;
    while (code == SQLITE_OK && goes_on) {
        code = sqlite3_backup_step(backup, PAGES);
        uint64_t all = (uint64_t)sqlite3_backup_pagecount(backup) * 4096;
        uint64_t left = (uint64_t)sqlite3_backup_remaining(backup) * 4096;
        goes_on = c->progress == NULL || c->progress(c->ctx, all - left, all);
    }
    sqlite3_backup_finish(backup);
    if (code == SQLITE_DONE) {
        return LW_OK;
    }
    if (code == SQLITE_OK) {
        c->why = "stopped";
        return LW_ECANCELED;
    }
    return lw_db_explain(code, &c->why);
}

/* With a transaction around, the source stays as it is, whatever is committed meanwhile. */
static lw_err copy_moment(copying *c)
{
    bool is_alone = sqlite3_get_autocommit(c->from->sq) != 0;
    int64_t version;
    lw_err err = is_alone ? lw_db_run(c->from, "BEGIN") : LW_OK;
    if (err == LW_OK) {
        err = lw_db_number(c->from, "SELECT count(*) FROM sqlite_schema", &version);
    }
    if (err == LW_OK) {
        err = copy_pages(c);
    } else {
        (void)lw_db_explain(sqlite3_extended_errcode(c->from->sq), &c->why);
    }
    if (is_alone) {
        lw_db_roll_back(c->from);
    }
    return err;
}

static lw_err copy_to(lw_sqlite *s, const char *part, lw_store_progress_fn *progress, void *ctx,
                      const char **out_why)
{
    copying c = {.progress = progress, .ctx = ctx, .why = "the file cannot be written"};
    lw_err err = LW_EIO;
    unlink(part); /* of a copying that was interrupted */
    int fd = open(part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* it holds secrets */
    if (fd >= 0) {
        close(fd);
        c.from = lw_sqlite_borrow(s, &err);
    } else {
        c.why = strerror(errno);
    }
    if (c.from != NULL) {
        int code = sqlite3_open_v2(part, &c.to, SQLITE_OPEN_READWRITE, NULL);
        err = code == SQLITE_OK ? copy_moment(&c) : lw_db_explain(code, &c.why);
        sqlite3_close(c.to);
        lw_sqlite_release(s, c.from);
    }
    *out_why = c.why;
    return err;
}

lw_err lw_store_backup(lw_store *store, const char *path, lw_store_progress_fn *progress, void *ctx,
                       char *why, size_t why_len)
{
    const char *reason = "out of memory";
    if (store->ops->each != lw_sqlite_each) {
        snprintf(why, why_len, "a store in memory has no file to copy");
        return LW_ENOTSUP;
    }
    if (access(path, F_OK) == 0) {
        snprintf(why, why_len, "%s is there already", path);
        return LW_EEXISTS;
    }
    size_t size = strlen(path) + sizeof ".part";
    char *part = malloc(size);
    lw_err err = LW_ENOMEM;
    if (part != NULL) {
        snprintf(part, size, "%s.part", path);
        err = copy_to(lw_sqlite_of(store), part, progress, ctx, &reason);
        if (err == LW_OK && rename(part, path) != 0) {
            reason = strerror(errno);
            err = LW_EIO;
        }
        if (err != LW_OK) {
            unlink(part);
        }
        free(part);
    }
    snprintf(why, why_len, "%s%s%s", err == LW_OK ? "" : path, err == LW_OK ? "" : ": ",
             err == LW_OK ? "" : reason);
    return err;
}
