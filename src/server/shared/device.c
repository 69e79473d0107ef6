#include "server/shared/device.h"

#include <string.h>

#include "base/base64.h"
#include "server/shared/links.h"
#include "server/shared/peer.h"

#define PAGE 1024u /* devices */

/* The shard is in the uppermost octet of a number; the rest counts. 2^32 devices in the life of a
 * shard bound what a row of the store can make us allocate for the pages. */
#define NUMBER_BITS 56u
#define NUMBER_MAX  UINT32_MAX

/* ---- Maps ------------------------------------------------------------------------------------ */

static uint64_t hash_of_name(const void *ctx, const lw_map_node *node)
{
    const lw_server *server = ctx;
    return lw_hash(&server->secret,
                   lw_device_name(LW_CONTAINER((uintptr_t)node, lw_device, by_name)));
}

static uint64_t hash_of_location(const void *ctx, const lw_map_node *node)
{
    const lw_server *server = ctx;
    const lw_device *d = LW_CONTAINER((uintptr_t)node, lw_device, by_location);
    return lw_hash(&server->secret, lw_bytes_of(d->location, LW_LOCATION_TEXT));
}

static uint64_t hash_of_hop(const void *ctx, const lw_map_node *node)
{
    const lw_device *d = LW_CONTAINER((uintptr_t)node, lw_device, by_hop);
    return lw_hop_hash(ctx, &d->hop);
}

/* Numbers go on where they ended, rows that are gone included. */
static lw_err find_last_number(lw_server *server)
{
    lw_store *store = server->cfg.store;
    uint64_t *last = &server->devices.last_number;
    uint64_t highest = 0;
    lw_err err = LW_OK;
    *last = (uint64_t)server->cfg.shard << NUMBER_BITS;
    if (store != NULL) {
        err = store->ops->highest(store, LW_ROW_DEVICE, server->cfg.shard, &highest);
    }
    *last = highest > *last ? highest : *last;
    return err;
}

lw_err lw_devices_init(lw_server *server)
{
    lw_directory *dir = &server->devices;
    lw_err err = lw_map_init(&dir->by_name, &server->mem, hash_of_name, server);
    if (err == LW_OK) {
        err = lw_map_init(&dir->by_location, &server->mem, hash_of_location, server);
    }
    if (err == LW_OK) {
        err = lw_map_init(&dir->by_hop, &server->mem, hash_of_hop, server);
    }
    if (err == LW_OK) {
        err = find_last_number(server);
    }
    return err;
}

void lw_devices_fini(lw_server *server)
{
    lw_directory *dir = &server->devices;
    lw_device *device;
    while ((device = lw_device_after(server, 0)) != NULL) {
        lw_device_forget(server, device);
    }
    for (size_t i = 0; i < dir->pages_room; i++) { /* one may have been made in vain */
        lw_mem_release(&server->mem, dir->pages[i]);
    }
    lw_mem_release(&server->mem, dir->pages);
    lw_map_fini(&dir->by_name);
    lw_map_fini(&dir->by_location);
    lw_map_fini(&dir->by_hop);
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static bool is_ours(const lw_server *server, uint64_t number)
{
    uint64_t count = number - ((uint64_t)server->cfg.shard << NUMBER_BITS);
    return count >= 1 && count <= NUMBER_MAX;
}

static size_t index_of(const lw_server *server, uint64_t number)
{
    return (size_t)(number - ((uint64_t)server->cfg.shard << NUMBER_BITS));
}

/* The place of a number, made if need be; NULL without memory. */
static lw_device **place_of(lw_server *server, uint64_t number)
{
    lw_directory *dir = &server->devices;
    size_t index = index_of(server, number);
    size_t page = index / PAGE;
    if (page >= dir->pages_room) {
        size_t room = page < 8 ? 16 : 2 * page;
        lw_device ***pages = lw_mem_alloc(&server->mem, room * sizeof *pages);
        if (pages == NULL) {
            return NULL;
        }
        if (dir->pages_room > 0) {
            memcpy(pages, dir->pages, dir->pages_room * sizeof *pages);
        }
        lw_mem_release(&server->mem, dir->pages);
        dir->pages = pages;
        dir->pages_room = room;
    }
    if (dir->pages[page] == NULL) {
        dir->pages[page] = lw_mem_alloc(&server->mem, PAGE * sizeof(void *));
    }
    return dir->pages[page] != NULL ? &dir->pages[page][index % PAGE] : NULL;
}

static void leave_place(lw_server *server, const lw_device *device)
{
    lw_device **page = server->devices.pages[index_of(server, device->number) / PAGE];
    page[index_of(server, device->number) % PAGE] = NULL;
    for (size_t i = 0; i < PAGE; i++) {
        if (page[i] != NULL) {
            return;
        }
    }
    server->devices.pages[index_of(server, device->number) / PAGE] = NULL;
    lw_mem_release(&server->mem, page);
}

lw_device *lw_device_after(const lw_server *server, uint64_t after)
{
    const lw_directory *dir = &server->devices;
    uint64_t first = (uint64_t)server->cfg.shard << NUMBER_BITS;
    size_t index = after < first ? 0 : (size_t)(after - first) + 1;
    if (after >= dir->last_number) {
        return NULL;
    }
    for (; index / PAGE < dir->pages_room; index++) {
        lw_device **page = dir->pages[index / PAGE];
        if (page == NULL) {
            index |= PAGE - 1; /* the last of this page */
        } else if (page[index % PAGE] != NULL) {
            return page[index % PAGE];
        }
    }
    return NULL;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

lw_err lw_device_add(lw_server *server, lw_bytes name, uint64_t number, lw_device **out_device)
{
    lw_directory *dir = &server->devices;
    if (dir->count >= server->cfg.limits.devices) {
        return LW_ENOMEM;
    }
    number = number == 0 ? dir->last_number + 1 : number;
    if (!is_ours(server, number) || name.len > UINT8_MAX) {
        return LW_ERANGE;
    }
    lw_device **place = place_of(server, number);
    if (place != NULL && *place != NULL) {
        return LW_EEXISTS;
    }
    lw_device *device =
        place != NULL ? lw_mem_alloc(&server->mem, offsetof(lw_device, name) + name.len) : NULL;
    if (device == NULL) {
        return LW_ENOMEM;
    }
    device->number = number;
    device->name_len = (uint8_t)name.len;
    memcpy(device->name, name.ptr, name.len);
    device->expires = LW_TIME_NEVER;
    device->state = LW_DEVICE_OFFLINE;
    lw_wheel_timer_init(&device->timer);
    lw_queue_init(&device->queue);
    lw_map_add(&dir->by_name, &device->by_name);
    *place = device;
    dir->count++;
    dir->last_number = number > dir->last_number ? number : dir->last_number;
    *out_device = device;
    return LW_OK;
}

void lw_device_forget(lw_server *server, lw_device *device)
{
    lw_directory *dir = &server->devices;
    lw_device_unlocate(server, device);
    lw_device_move(server, device, NULL);
    lw_wheel_arm(&server->devices_due, &device->timer, LW_TIME_NEVER);
    lw_map_remove(&dir->by_name, &device->by_name);
    leave_place(server, device);
    lw_links_release(server, device->links);
    lw_mem_release(&server->mem, device->extra);
    if (server->after.device == device) {
        server->after.device = NULL;
    }
    lw_mem_release(&server->mem, device);
    dir->count--;
}

/* ---- Finding --------------------------------------------------------------------------------- */

lw_device *lw_device_find(const lw_server *server, lw_bytes name)
{
    lw_map_node *n = lw_map_first(&server->devices.by_name, lw_hash(&server->secret, name));
    for (; n != NULL; n = n->next) {
        lw_device *d = LW_CONTAINER(n, lw_device, by_name);
        if (lw_bytes_equal(lw_device_name(d), name)) {
            return d;
        }
    }
    return NULL;
}

lw_device *lw_device_at(const lw_server *server, const lw_hop *hop)
{
    lw_map_node *n = lw_map_first(&server->devices.by_hop, lw_hop_hash(server, hop));
    for (; n != NULL; n = n->next) {
        lw_device *d = LW_CONTAINER(n, lw_device, by_hop);
        if (lw_hop_equal(&d->hop, hop)) {
            return d;
        }
    }
    return NULL;
}

lw_device *lw_device_located(const lw_server *server, lw_bytes location)
{
    lw_map_node *n = lw_map_first(&server->devices.by_location, lw_hash(&server->secret, location));
    for (; n != NULL; n = n->next) {
        lw_device *d = LW_CONTAINER(n, lw_device, by_location);
        if (lw_bytes_equal(lw_bytes_of(d->location, LW_LOCATION_TEXT), location)) {
            return d;
        }
    }
    return NULL;
}

/* ---- Location -------------------------------------------------------------------------------- */

#define LOCATION_OCTETS 9u /* shard, 64 random bits */

void lw_device_unlocate(lw_server *server, lw_device *device)
{
    if (device->is_registered) {
        lw_map_remove(&server->devices.by_location, &device->by_location);
        device->is_registered = false;
        server->devices.registered--;
    }
}

static void write_location(const lw_server *server, uint8_t text[LW_LOCATION_TEXT])
{
    uint8_t octets[LOCATION_OCTETS] = {server->cfg.shard};
    server->rng.fill(server->rng.ctx, octets + 1, sizeof octets - 1);
    lw_writer w;
    lw_writer_init(&w, text, LW_LOCATION_TEXT);
    lw_base64_encode(LW_BASE64_URL, lw_bytes_of(octets, sizeof octets), &w);
}

static bool can_be_ours(const lw_server *server, lw_bytes location)
{
    uint8_t octets[LOCATION_OCTETS];
    size_t len;
    return location.len == LW_LOCATION_TEXT &&
           lw_base64_decode(location, octets, sizeof octets, &len) == LW_OK &&
           octets[0] == server->cfg.shard;
}

lw_err lw_device_locate(lw_server *server, lw_device *device, lw_bytes location)
{
    uint8_t text[LW_LOCATION_TEXT];
    if (location.len == 0) { /* 64 random bits do not meet in the life of a fleet */
        write_location(server, text);
        location = lw_bytes_of(text, sizeof text);
    } else if (!can_be_ours(server, location)) {
        return LW_EFORMAT;
    }
    if (lw_device_located(server, location) != NULL) {
        return LW_EEXISTS;
    }
    lw_device_unlocate(server, device);
    memcpy(device->location, location.ptr, LW_LOCATION_TEXT);
    lw_map_add(&server->devices.by_location, &device->by_location);
    device->is_registered = true;
    server->devices.registered++;
    return LW_OK;
}

/* ---- Address --------------------------------------------------------------------------------- */

static void leave_hop(lw_server *server, lw_device *device)
{
    if (device->has_hop) {
        lw_map_remove(&server->devices.by_hop, &device->by_hop);
        device->has_hop = false;
    }
    if (device->peer != NULL) {
        lw_peer_take_back(server, device->peer);
    }
}

void lw_device_move(lw_server *server, lw_device *device, const lw_hop *hop)
{
    lw_device *other = hop != NULL ? lw_device_at(server, hop) : NULL;
    if (other == device && other != NULL) {
        return;
    }
    if (other != NULL) { /* nothing that is for it may reach the new one there */
        leave_hop(server, other);
        lw_queue_moved(server, other);
    }
    leave_hop(server, device);
    if (hop != NULL) {
        device->hop = *hop;
        device->has_hop = true;
        lw_map_add(&server->devices.by_hop, &device->by_hop);
        lw_peer_offer(server, device);
    }
}
