#include "lw/package.h"
#include "lw/acts.h"

#define SAVE_AGAIN_MS (60 * LW_SECOND_MS)

void lw_package_store(lw_package *package, const char *name, lw_bytes record)
{
    lw_err err = lw_act_store(package->ctx, name, record);
    bool failed = err != LW_OK && err != LW_ENOTSUP;
    package->save_at = failed ? lw_act_now(package->ctx) + SAVE_AGAIN_MS : LW_TIME_NEVER;
}

static lw_fault fault_of(lw_err err)
{
    switch (err) {
    case LW_OK:
        return LW_FAULT_NONE;
    case LW_ETOOBIG:
    case LW_EIO:
        return LW_FAULT_NO_SPACE;
    case LW_ENOMEM:
        return LW_FAULT_NO_MEMORY;
    case LW_ENOTSUP:
        return LW_FAULT_TYPE;
    default:
        return LW_FAULT_INTEGRITY;
    }
}

static lw_fault fault_of_fetch(lw_err err)
{
    switch (err) {
    case LW_EFORMAT:
    case LW_ENOTFOUND:
        return LW_FAULT_URI;
    case LW_ENOTSUP:
        return LW_FAULT_PROTOCOL;
    case LW_ENOMEM:
        return LW_FAULT_NO_MEMORY;
    default:
        return LW_FAULT_CONNECTION;
    }
}

bool lw_package_is_reset(lw_bytes octets, size_t offset, bool more)
{
    bool is_all = offset == 0 && !more;
    return is_all && (octets.len == 0 || (octets.len == 1 && octets.ptr[0] == 0));
}

static lw_err begin(lw_package *package)
{
    package->received = 0;
    return package->port->open(package->port_ctx);
}

lw_err lw_package_push(lw_package *package, size_t offset, lw_bytes octets, bool more)
{
    lw_err err = offset == 0 ? begin(package) : LW_OK;
    bool is_next = offset == package->received;
    package->received += octets.len;
    if (err == LW_OK && is_next) {
        err = package->port->write(package->port_ctx, offset, octets);
    }
    lw_fault fault = is_next ? fault_of(err) : LW_FAULT_CONNECTION;
    if (fault == LW_FAULT_NONE) {
        return LW_OK;
    }
    package->on_end(package, fault);
    return !more ? LW_OK : fault <= LW_FAULT_NO_MEMORY ? LW_ETOOBIG : LW_EIO;
}

void lw_package_verdict(lw_package *package, lw_err verdict)
{
    package->on_end(package, fault_of(verdict));
}

void lw_package_complete(lw_package *package)
{
    lw_err verdict = package->port->finish(package->port_ctx);
    if (verdict != LW_AGAIN) {
        lw_package_verdict(package, verdict);
    }
}

static lw_err on_block(lw_fetch_job *job, size_t offset, lw_bytes octets)
{
    lw_package *package = job->owner;
    lw_err err = package->port->write(package->port_ctx, offset, octets);
    if (err != LW_OK) {
        package->fetching = false;
        lw_package_verdict(package, err);
    }
    return err;
}

static void on_end(lw_fetch_job *job, lw_err err)
{
    lw_package *package = job->owner;
    package->fetching = false;
    if (err == LW_OK) {
        lw_package_complete(package);
    } else {
        package->on_end(package, fault_of_fetch(err));
    }
}

void lw_package_pull(lw_package *package, lw_bytes uri)
{
    const lw_fetch *fetch = package->port->fetch;
    package->job = (lw_fetch_job){.on_block = on_block, .on_end = on_end, .owner = package};
    lw_err err = fetch != NULL ? fetch->start(package->ctx, &package->job, uri) : LW_ENOTSUP;
    package->fetching = err == LW_OK;
    if (err != LW_OK) {
        package->on_end(package, fault_of_fetch(err));
        return;
    }
    err = begin(package);
    if (err != LW_OK) {
        lw_package_verdict(package, err);
    }
}

void lw_package_discard(lw_package *package)
{
    if (package->fetching) {
        package->fetching = false;
        package->port->fetch->stop(package->ctx, &package->job);
    }
    package->port->discard(package->port_ctx);
}
