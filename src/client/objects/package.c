#include "lw/package.h"
#include "lw/acts.h"

#define SAVE_AGAIN_MS (60 * LW_SECOND_MS)

lw_time lw_package_save_again_at(const lw_package *package, lw_err stored)
{
    bool failed = stored != LW_OK && stored != LW_ENOTSUP;
    return failed ? lw_time_add(lw_act_now(package->ctx), SAVE_AGAIN_MS) : LW_TIME_NEVER;
}

lw_fault lw_fault_of(lw_err err)
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

lw_err lw_fault_answer(lw_fault fault, bool more)
{
    bool is_size = fault == LW_FAULT_NO_SPACE || fault == LW_FAULT_NO_MEMORY;
    return !more ? LW_OK : is_size ? LW_ETOOBIG : LW_EIO;
}

static lw_fault fault_of_fetch(lw_err err)
{
    switch (err) {
    case LW_OK:
        return LW_FAULT_NONE;
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

static lw_fault begin(lw_package *package)
{
    package->received = 0;
    return lw_fault_of(package->port->open(package->port_ctx));
}

lw_fault lw_package_push(lw_package *package, size_t offset, lw_bytes octets)
{
    lw_fault fault = offset == 0 ? begin(package) : LW_FAULT_NONE;
    if (fault == LW_FAULT_NONE && offset != package->received) {
        fault = LW_FAULT_CONNECTION;
    }
    if (fault == LW_FAULT_NONE) {
        fault = lw_fault_of(package->port->write(package->port_ctx, offset, octets));
    }
    package->received += octets.len;
    return fault;
}

void lw_package_verdict(lw_package *package, lw_err verdict)
{
    package->on_end(package, lw_fault_of(verdict));
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
        package->on_end(package, lw_fault_of(err));
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

lw_fault lw_package_pull(lw_package *package, lw_bytes uri)
{
    const lw_fetch *fetch = package->port->fetch;
    package->job = (lw_fetch_job){.on_block = on_block, .on_end = on_end, .owner = package};
    lw_err err = fetch != NULL ? fetch->start(package->ctx, &package->job, uri) : LW_ENOTSUP;
    if (err != LW_OK) {
        return fault_of_fetch(err);
    }
    package->fetching = true;
    return begin(package);
}

void lw_package_discard(lw_package *package)
{
    if (package->fetching) {
        package->fetching = false;
        package->port->fetch->stop(package->ctx, &package->job);
    }
    package->port->discard(package->port_ctx);
}
