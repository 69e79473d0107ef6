/* A layer below SQLite whose disk fails when a test says so, and whose power can be cut.
 *
 * It stands over the machine's own layer and counts what changes files: opening, writing, cutting
 * and syncing. From the n-th on these fail, once or for good. It remembers what was written and not
 * yet synced: after a power cut each such write has happened or has not, as the seed decides.
 */
#ifndef LW_STORE_SQLITE_FAULTY_VFS_TEST_H
#define LW_STORE_SQLITE_FAULTY_VFS_TEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* for who compiles it alone */
#endif

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"

#define FAULTY_VFS "lapwing-faulty"

typedef enum fault_kind {
    FAULT_NONE,
    FAULT_ONCE,    /* the n-th fails */
    FAULT_FOREVER, /* all from the n-th on */
    FAULT_FULL     /* a file that would grow beyond the limit */
} fault_kind;

/* A write, or a cut of the file's end, that no sync has followed; with what was there before. */
typedef struct unsynced {
    struct unsynced *older;
    char path[256];
    sqlite3_int64 offset, size_before;
    int len; /* octets of `before` */
    uint8_t before[];
} unsynced;

static struct {
    pthread_mutex_t lock;
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    fault_kind kind;
    unsigned at;         /* counts down to 0 */
    unsigned operations; /* so far */
    sqlite3_int64 limit;
    bool remembers;
    unsynced *newest;
} faulty = {.lock = PTHREAD_MUTEX_INITIALIZER};

typedef struct faulty_file {
    sqlite3_file base;
    char path[256];
    sqlite3_file *real;
} faulty_file;

static inline sqlite3_file *real_of(sqlite3_file *file)
{
    return ((faulty_file *)(void *)file)->real;
}

/* Whether this operation fails; called for each. */
static inline bool fault_hits(void)
{
    pthread_mutex_lock(&faulty.lock);
    faulty.operations++;
    bool hits = false;
    if (faulty.kind == FAULT_ONCE || faulty.kind == FAULT_FOREVER) {
        hits = faulty.at == 0 || --faulty.at == 0;
        if (hits && faulty.kind == FAULT_ONCE) {
            faulty.kind = FAULT_NONE;
        }
    }
    pthread_mutex_unlock(&faulty.lock);
    return hits;
}

static inline void fault_set(fault_kind kind, unsigned at)
{
    pthread_mutex_lock(&faulty.lock);
    faulty.kind = kind;
    faulty.at = at;
    faulty.operations = 0;
    pthread_mutex_unlock(&faulty.lock);
}

/* ---- What a power cut undoes ---- */

static inline void remember(sqlite3_file *file, sqlite3_int64 offset, sqlite3_int64 len)
{
    pthread_mutex_lock(&faulty.lock);
    unsynced *u = faulty.remembers ? malloc(sizeof *u + (size_t)len) : NULL;
    if (u != NULL) {
        sqlite3_file *real = real_of(file);
        *u = (unsynced){.older = faulty.newest, .offset = offset, .len = (int)len};
        memcpy(u->path, ((faulty_file *)(void *)file)->path, sizeof u->path);
        real->pMethods->xFileSize(real, &u->size_before);
        real->pMethods->xRead(real, u->before, u->len, offset); /* short: zeros, cut off later */
        faulty.newest = u;
    }
    pthread_mutex_unlock(&faulty.lock);
}

static inline void forget(const char *path)
{
    pthread_mutex_lock(&faulty.lock);
    for (unsynced **link = &faulty.newest; *link != NULL;) {
        unsynced *u = *link;
        if (path == NULL || strcmp(u->path, path) == 0) {
            *link = u->older;
            free(u);
        } else {
            link = &u->older;
        }
    }
    pthread_mutex_unlock(&faulty.lock);
}

/* When the store was closed, on a disk that failed: takes back what this never got. The newest
 * first, so that what is under it comes out again; a write that stays while an older one under it
 * goes makes a mixture, as disks do. */
static inline void power_cut(const lw_rng *rng)
{
    for (unsynced *u = faulty.newest; u != NULL; u = u->older) {
        int fd = lw_rng_below(rng, 2) == 0 ? open(u->path, O_RDWR) : -1;
        if (fd >= 0) {
            ssize_t written = pwrite(fd, u->before, (size_t)u->len, (off_t)u->offset);
            int cut = ftruncate(fd, (off_t)u->size_before);
            (void)written;
            (void)cut;
            close(fd);
        }
    }
    forget(NULL);
    fault_set(FAULT_NONE, 0);
}

/* ---- The methods of a file ---- */

static inline int faulty_close(sqlite3_file *file)
{
    sqlite3_file *real = real_of(file);
    int code = real->pMethods->xClose(real);
    free(real);
    return code;
}

static inline int faulty_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, len, offset);
}

static inline int faulty_write(sqlite3_file *file, const void *octets, int len,
                               sqlite3_int64 offset)
{
    if (fault_hits()) {
        return SQLITE_IOERR_WRITE;
    }
    sqlite3_int64 size = 0;
    real_of(file)->pMethods->xFileSize(real_of(file), &size);
    if (faulty.kind == FAULT_FULL && offset + len > size && offset + len > faulty.limit) {
        return SQLITE_FULL;
    }
    remember(file, offset, len);
    return real_of(file)->pMethods->xWrite(real_of(file), octets, len, offset);
}

static inline int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (fault_hits()) {
        return SQLITE_IOERR_TRUNCATE;
    }
    sqlite3_int64 old = 0;
    real_of(file)->pMethods->xFileSize(real_of(file), &old);
    if (old > size) {
        remember(file, size, old - size);
    }
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static inline int faulty_sync(sqlite3_file *file, int flags)
{
    (void)flags;
    if (fault_hits()) {
        return SQLITE_IOERR_FSYNC;
    }
    forget(((faulty_file *)(void *)file)->path); /* the machine's own sync is not needed for that */
    return SQLITE_OK;
}

static inline int faulty_file_size(sqlite3_file *file, sqlite3_int64 *out_size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), out_size);
}

static inline int faulty_lock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static inline int faulty_unlock(sqlite3_file *file, int lock)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static inline int faulty_check_lock(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static inline int faulty_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static inline int faulty_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static inline int faulty_device(sqlite3_file *file)
{
    (void)file;
    return 0; /* promises nothing */
}

static inline int faulty_shm_map(sqlite3_file *file, int page, int size, int extend,
                                 void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static inline int faulty_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static inline void faulty_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static inline int faulty_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static inline int faulty_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                              int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = faulty_close,
        .xRead = faulty_read,
        .xWrite = faulty_write,
        .xTruncate = faulty_truncate,
        .xSync = faulty_sync,
        .xFileSize = faulty_file_size,
        .xLock = faulty_lock,
        .xUnlock = faulty_unlock,
        .xCheckReservedLock = faulty_check_lock,
        .xFileControl = faulty_control,
        .xSectorSize = faulty_sector_size,
        .xDeviceCharacteristics = faulty_device,
        .xShmMap = faulty_shm_map,
        .xShmLock = faulty_shm_lock,
        .xShmBarrier = faulty_shm_barrier,
        .xShmUnmap = faulty_shm_unmap,
    };
    faulty_file *f = (faulty_file *)(void *)file;
    (void)vfs;
    f->base.pMethods = NULL;
    if (fault_hits()) {
        return SQLITE_CANTOPEN;
    }
    f->real = calloc(1, (size_t)faulty.real->szOsFile);
    if (f->real == NULL) {
        return SQLITE_NOMEM;
    }
    if (path != NULL) {
        strncpy(f->path, path, sizeof f->path - 1);
    }
    int code = faulty.real->xOpen(faulty.real, path, f->real, flags, out_flags);
    if (code != SQLITE_OK) {
        free(f->real);
        return code;
    }
    f->base.pMethods = &methods;
    return SQLITE_OK;
}

static inline int faulty_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
    (void)vfs;
    if (fault_hits()) {
        return SQLITE_IOERR_DELETE;
    }
    forget(path);
    return faulty.real->xDelete(faulty.real, path, sync_dir);
}

static inline void faulty_vfs_register(void)
{
    faulty.real = sqlite3_vfs_find(NULL);
    faulty.vfs = *faulty.real;
    faulty.vfs.pNext = NULL;
    faulty.vfs.zName = FAULTY_VFS;
    faulty.vfs.szOsFile = (int)sizeof(faulty_file);
    faulty.vfs.xOpen = faulty_open;
    faulty.vfs.xDelete = faulty_delete;
    sqlite3_vfs_register(&faulty.vfs, 0);
}

#endif
