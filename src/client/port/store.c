/* Records as files NAME.lw in one directory.
 *
 * A record is written to NAME.new, synced, and renamed over the old one, then the directory is
 * synced: whenever the power goes, NAME.lw is the old record or the new one. A NAME.new that was
 * left behind is written over by the next attempt. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/port/posix_priv.h"

#define FILE_NAME_MAX 24

lw_err lw_posix_dir_open(const char *path, int *out_dir)
{
    *out_dir = -1;
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return LW_EIO;
    }
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return LW_EIO;
    }
    if (flock(dir, LOCK_EX | LOCK_NB) != 0) {
        close(dir);
        return LW_ESTATE;
    }
    *out_dir = dir;
    return LW_OK;
}

static bool file_name(const char *name, const char *suffix, char out[FILE_NAME_MAX])
{
    int len = snprintf(out, FILE_NAME_MAX, "%s%s", name, suffix);
    return len > 0 && len < FILE_NAME_MAX && strchr(name, '/') == NULL;
}

static bool write_all(int fd, lw_bytes octets)
{
    while (octets.len > 0) {
        ssize_t n = write(fd, octets.ptr, octets.len);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        octets = lw_bytes_from(octets, n > 0 ? (size_t)n : 0);
    }
    return true;
}

static lw_err write_file(int dir, const char *name, lw_bytes octets)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return LW_EIO;
    }
    bool written = write_all(fd, octets) && fsync(fd) == 0;
    return close(fd) == 0 && written ? LW_OK : LW_EIO;
}

static lw_err erase(int dir, const char *file)
{
    if (unlinkat(dir, file, 0) != 0) {
        return errno == ENOENT ? LW_OK : LW_EIO;
    }
    return fsync(dir) == 0 ? LW_OK : LW_EIO;
}

lw_err lw_posix_record_store(int dir, const char *name, lw_bytes record)
{
    char file[FILE_NAME_MAX], fresh[FILE_NAME_MAX];
    if (!file_name(name, ".lw", file) || !file_name(name, ".new", fresh)) {
        return LW_EINVAL;
    }
    if (record.len == 0) {
        return erase(dir, file);
    }
    lw_err err = write_file(dir, fresh, record);
    if (err != LW_OK) {
        unlinkat(dir, fresh, 0);
        return err;
    }
    bool is_there = renameat(dir, fresh, dir, file) == 0 && fsync(dir) == 0;
    return is_there ? LW_OK : LW_EIO;
}

lw_err lw_posix_record_load(int dir, const char *name, uint8_t *out, size_t cap, size_t *out_len)
{
    char file[FILE_NAME_MAX];
    struct stat st;
    *out_len = 0;
    if (!file_name(name, ".lw", file)) {
        return LW_EINVAL;
    }
    int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? LW_ENOTFOUND : LW_EIO;
    }
    size_t filled = 0;
    ssize_t n = 1;
    bool is_read = fstat(fd, &st) == 0;
    while (is_read && filled < cap && n != 0) {
        n = read(fd, out + filled, cap - filled);
        is_read = n >= 0 || errno == EINTR;
        filled += n > 0 ? (size_t)n : 0;
    }
    close(fd);
    *out_len = is_read ? (size_t)st.st_size : 0;
    return is_read ? LW_OK : LW_EIO;
}

static bool is_record(const char *file)
{
    const char *dot = strrchr(file, '.');
    return dot != NULL && (strcmp(dot, ".lw") == 0 || strcmp(dot, ".new") == 0);
}

void lw_posix_record_erase_all(int dir)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = copy >= 0 ? fdopendir(copy) : NULL;
    if (listing == NULL) {
        close(copy);
        return;
    }
    for (struct dirent *e = readdir(listing); e != NULL; e = readdir(listing)) {
        if (is_record(e->d_name)) {
            unlinkat(dir, e->d_name, 0);
        }
    }
    closedir(listing);
    fsync(dir);
}
