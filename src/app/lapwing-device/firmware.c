#include "app/lapwing-device/firmware.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "lw/objects.h"

#define RECORD_RUNNING "fw.running"
#define RECORD_STAGED  "fw.staged"

/* ---- Versions, kept over restarts when there is a place for them ------------------------------
 */

static bool load(firmware *f, const char *record, char out[FIRMWARE_VERSION_MAX + 1])
{
    size_t len = 0;
    uint8_t octets[FIRMWARE_VERSION_MAX];
    const lw_platform *p = f->platform;
    if (p->load == NULL || p->load(p->ctx, record, octets, sizeof octets, &len) != LW_OK ||
        len == 0 || len > sizeof octets) {
        return false;
    }
    memcpy(out, octets, len);
    out[len] = '\0';
    return true;
}

static lw_err store(firmware *f, const char *record, const char *text)
{
    const lw_platform *p = f->platform;
    return p->store != NULL ? p->store(p->ctx, record, lw_bytes_str(text)) : LW_ENOTSUP;
}

/* ---- The package ------------------------------------------------------------------------------
 */

static void discard(void *ctx)
{
    firmware *f = ctx;
    f->head_len = 0;
    f->digest = LW_DIGEST_SEED;
    f->staged[0] = f->outcome[0] = '\0';
}

static lw_err open_package(void *ctx)
{
    discard(ctx);
    return LW_OK;
}

static lw_err write_package(void *ctx, size_t offset, lw_bytes octets)
{
    firmware *f = ctx;
    (void)offset;
    f->digest = lw_digest(f->digest, octets.ptr, octets.len);
    for (size_t i = 0; i < octets.len && f->head_len < sizeof f->head - 1; i++) {
        f->head[f->head_len++] = (char)octets.ptr[i];
    }
    return LW_OK;
}

static lw_err finish(void *ctx)
{
    static const struct {
        const char *word;
        lw_err err;
    } outcomes[] = {{"space", LW_ETOOBIG},
                    {"memory", LW_ENOMEM},
                    {"integrity", LW_EFORMAT},
                    {"type", LW_ENOTSUP}};
    firmware *f = ctx;
    f->head[f->head_len] = '\0';
    f->head[strcspn(f->head, "\r\n")] = '\0';
    if (sscanf(f->head, "lapwing-firmware %32s %15s", f->staged, f->outcome) < 1) {
        snprintf(f->staged, sizeof f->staged, "package-%08x", (unsigned)f->digest);
    }
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        if (strcmp(f->outcome, outcomes[i].word) == 0) {
            return outcomes[i].err;
        }
    }
    lw_firmware_set_pkg_version(f->tree, 0, f->staged);
    return LW_OK;
}

/* ---- Installing -------------------------------------------------------------------------------
 */

static void run_staged(firmware *f)
{
    memcpy(f->version, f->staged, sizeof f->version);
    lw_device_set_firmware_version(f->tree, 0, f->version);
}

/* With a place for records it takes a restart, as it would for real. */
static lw_err install(void *ctx)
{
    firmware *f = ctx;
    if (strcmp(f->outcome, "install") == 0) {
        return LW_EIO;
    }
    lw_err err = store(f, RECORD_STAGED, f->staged);
    if (err == LW_ENOTSUP) {
        run_staged(f);
        return LW_OK;
    }
    f->wants_restart = err == LW_OK;
    return err == LW_OK ? LW_AGAIN : err;
}

static lw_err confirm(void *ctx)
{
    firmware *f = ctx;
    if (!load(f, RECORD_STAGED, f->staged)) {
        return LW_EFORMAT;
    }
    lw_err err = store(f, RECORD_RUNNING, f->staged);
    if (err == LW_OK) {
        run_staged(f);
        err = store(f, RECORD_STAGED, "");
    }
    return err;
}

static const lw_firmware_port port = {
    .package = {.open = open_package,
                .write = write_package,
                .finish = finish,
                .discard = discard,
                .fetch = &lw_fetch_coap},
    .install = install,
    .confirm = confirm,
};

void firmware_load(firmware *f, const lw_platform *platform, const char *version)
{
    *f = (firmware){.platform = platform};
    snprintf(f->version, sizeof f->version, "%s", version);
    load(f, RECORD_RUNNING, f->version);
}

lw_err firmware_start(firmware *f, lw_client *client)
{
    f->tree = lw_client_tree(client);
    return lw_updater_start(&f->updater, f->tree, &port, f);
}
