#include "near_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/list.h"
#include "lw/objects.h"
#include "model/registry.h"
#include "store/store.h"

static const lw_registry registry = {.defs = lw_objects_all, .count = LW_OBJECTS_ALL_COUNT};

/* ---- The store, as long as the process lives ------------------------------------------------- */

static near_server *of_store(lw_store *store)
{
    return LW_CONTAINER(store, near_server, store);
}

static lw_err put(lw_store *store, const lw_row *row, lw_haste haste, lw_ticket *out_ticket)
{
    near_server *s = of_store(store);
    return s->is_gone ? LW_EIO : s->memory->ops->put(s->memory, row, haste, out_ticket);
}

static lw_err drop(lw_store *store, const lw_row *key, lw_haste haste, lw_ticket *out_ticket)
{
    near_server *s = of_store(store);
    return s->is_gone ? LW_EIO : s->memory->ops->remove(s->memory, key, haste, out_ticket);
}

static lw_err highest(lw_store *store, lw_row_kind kind, uint8_t shard, uint64_t *out_highest)
{
    near_server *s = of_store(store);
    return s->memory->ops->highest(s->memory, kind, shard, out_highest);
}

static const lw_store_ops ops = {.put = put, .remove = drop, .highest = highest};

static void on_commit(void *ctx, lw_ticket ticket, lw_err err)
{
    near_server *s = ctx;
    s->ticket = ticket;
    s->result = err;
}

/* ---- What the engine needs ------------------------------------------------------------------ */

static void send(void *ctx, const lw_hop *to, lw_bytes datagram)
{
    near_server *s = ctx;
    lw_sim_addr addr;
    memcpy(&addr, to->peer.ip + 12, sizeof addr);
    lw_sim_send(s->sim, s->node, addr, datagram);
}

static void on_event(void *ctx, const lw_server_event *event)
{
    near_server *s = ctx;
    s->events[event->kind]++;
    if (s->on_event != NULL) {
        s->on_event(s->ctx, event);
    }
}

static void give_random(void *ctx, uint8_t *out, size_t len)
{
    near_server *s = ctx;
    lw_rng rng = lw_rng_seeded_rng(&s->rng);
    rng.fill(rng.ctx, out, len);
}

static void *take(void *ctx, size_t size)
{
    near_server *s = ctx;
    return s->mem.alloc(s->mem.ctx, size);
}

static void give_back(void *ctx, void *ptr)
{
    near_server *s = ctx;
    s->mem.release(s->mem.ctx, ptr);
}

static void log_line(void *ctx, int level, const char *module, lw_bytes text)
{
    near_server *s = ctx;
    if (getenv("LW_SIM_LOG") != NULL) {
        printf("%12.3f %s: %d %s: %.*s\n", (double)lw_sim_now(s->sim) / 1000.0, s->name, level,
               module, (int)text.len, (const char *)text.ptr);
    }
}

/* ---- A node of the network ------------------------------------------------------------------ */

void near_server_poke(near_server *s)
{
    lw_time now = lw_sim_now(s->sim);
    if (s->server == NULL) {
        return;
    }
    s->wake = lw_server_step(s->server, now);
    if (s->commit_at == LW_TIME_NEVER && s->memory->ops->health(s->memory).waiting > 0) {
        s->commit_at = now + NEAR_COMMIT_MS;
    }
}

static void step(void *ctx, lw_time now)
{
    near_server *s = ctx;
    if (s->server != NULL && s->crash_at <= now) {
        near_server_crash(s);
    } else if (s->server == NULL && s->start_at <= now) {
        near_server_start(s);
    }
    if (s->server != NULL && s->commit_at <= now) {
        s->commit_at = LW_TIME_NEVER;
        lw_store_memory_commit(s->memory, LW_OK);
        lw_server_kept(s->server, now, s->ticket, s->result);
    }
    near_server_poke(s);
}

static void receive(void *ctx, lw_time now, lw_sim_addr from, lw_bytes datagram)
{
    near_server *s = ctx;
    lw_hop hop = {.peer = {.port = 5683}, .local = {.port = 5683}};
    memcpy(hop.peer.ip + 12, &from, sizeof from);
    if (s->server != NULL) {
        lw_server_feed(s->server, now, &hop, datagram);
        near_server_poke(s);
    }
}

static lw_time next_deadline(void *ctx)
{
    near_server *s = ctx;
    if (s->server == NULL) {
        return s->start_at;
    }
    lw_time next = s->wake < s->commit_at ? s->wake : s->commit_at;
    return next < s->crash_at ? next : s->crash_at;
}

/* ---- Its life ------------------------------------------------------------------------------- */

static bool load(void *ctx, const lw_row *row)
{
    near_server *s = ctx;
    bool is_over = row->kind == LW_ROW_REQUEST && row->as.request.state != LW_REQUEST_QUEUED &&
                   row->as.request.state != LW_REQUEST_SENT;
    lw_err err = is_over ? LW_OK : lw_server_load(s->server, row);
    lw_assert(err == LW_OK);
    return true;
}

void near_server_start(near_server *s)
{
    lw_time now = lw_sim_now(s->sim);
    s->is_gone = false;
    s->commit_at = s->start_at = LW_TIME_NEVER;
    lw_err err = lw_server_new(&s->cfg, now, NEAR_WALL + now, &s->server);
    lw_assert(err == LW_OK);
    for (unsigned kind = LW_ROW_DEVICE; kind <= LW_ROW_REQUEST; kind++) {
        err = s->memory->ops->each(s->memory, (lw_row_kind)kind, load, s);
        lw_assert(err == LW_OK);
    }
    near_server_poke(s);
}

static void stop(near_server *s)
{
    s->is_gone = true;
    s->crash_at = LW_TIME_NEVER;
    lw_server_free(s->server);
    s->server = NULL;
    lw_assert(s->heap.live == 0);
}

void near_server_crash(near_server *s)
{
    stop(s);
    lw_store_memory_commit(s->memory, LW_EIO); /* what nobody waited for may have been written */
    lw_store_memory_commit(s->memory, LW_OK);
}

near_server *near_server_new(lw_sim *sim, const char *name, const lw_server_cfg *cfg)
{
    near_server *s = calloc(1, sizeof *s);
    lw_assert(s != NULL);
    s->sim = sim;
    s->name = name;
    s->crash_at = LW_TIME_NEVER;
    s->mem = lw_fake_mem_mem(&s->heap);
    s->memory = lw_store_memory_new();
    lw_assert(s->memory != NULL);
    lw_store_memory_hold(s->memory);
    s->memory->on_commit = on_commit;
    s->memory->ctx = s;
    s->store.ops = &ops;
    lw_rng_seeded_init(&s->rng, lw_sim_seed(sim) * 31 + 7);
    s->host = (lw_server_host){.ctx = s,
                               .send = send,
                               .on_event = on_event,
                               .random = give_random,
                               .alloc = take,
                               .release = give_back,
                               .log = log_line};
    s->cfg = *cfg;
    s->cfg.host = &s->host;
    s->cfg.store = &s->store;
    s->cfg.registry = &registry;
    s->node = lw_sim_add_node(
        sim, &(lw_sim_node_config){
                 .receive = receive, .step = step, .next_deadline = next_deadline, .ctx = s});
    near_server_start(s);
    return s;
}

void near_server_free(near_server *s)
{
    if (s != NULL) {
        if (s->server != NULL) {
            stop(s);
        }
        s->memory->ops->close(s->memory);
        free(s);
    }
}
