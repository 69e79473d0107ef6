#include "lw/acts.h"
#include "lw/objects.h"
#include "lw/standard_objects.h"

/* ---- 4 Connectivity Monitoring ---- */

LW_DECLARE_VERSION(lw_connectivity_object_1_0, lw_connectivity, lw_object_4_v1_0,
                   LW_CONNECTIVITY_1_0, 1, NULL)
LW_DECLARE_VERSION(lw_connectivity_object_1_2, lw_connectivity, lw_object_4_v1_2,
                   LW_CONNECTIVITY_1_2, 1, NULL)
LW_DECLARE_VERSION(lw_connectivity_object_1_3, lw_connectivity, lw_object_4_v1_3,
                   LW_CONNECTIVITY_1_3, 1, NULL)

/* ---- 7 Connectivity Statistics ---- */

#define OCTETS_PER_KB 1000u

static lw_path at(uint16_t resource)
{
    return lw_path_resource(LW_OBJ_CONNECTIVITY_STATISTICS, 0, resource);
}

static lw_statistics *statistics_of(lw_tree *tree)
{
    return lw_tree_struct(tree, lw_path_instance(LW_OBJ_CONNECTIVITY_STATISTICS, 0));
}

static void set(lw_tree *tree, uint16_t resource, uint64_t value)
{
    lw_tree_set(tree, at(resource), lw_value_unsigned(value));
}

static void show(lw_tree *tree, const lw_statistics *s)
{
    uint64_t average = s->messages > 0 ? (s->sent + s->received) / s->messages : 0;
    set(tree, LW_RES_CONNECTIVITY_STATISTICS_TX_DATA, s->sent / OCTETS_PER_KB);
    set(tree, LW_RES_CONNECTIVITY_STATISTICS_RX_DATA, s->received / OCTETS_PER_KB);
    set(tree, LW_RES_CONNECTIVITY_STATISTICS_AVERAGE_MESSAGE_SIZE, average);
}

static void count(lw_tree *tree, uint32_t sent, uint32_t received)
{
    lw_statistics *s = statistics_of(tree);
    if (s == NULL || !s->is_counting) {
        return;
    }
    uint32_t octets = sent + received;
    s->sent += sent;
    s->received += received;
    s->messages++;
    if ((int64_t)octets > s->message_max) {
        set(tree, LW_RES_CONNECTIVITY_STATISTICS_MAX_MESSAGE_SIZE, octets);
    }
    show(tree, s);
}

void lw_statistics_sent(lw_tree *tree, uint32_t octets)
{
    count(tree, octets, 0);
}

void lw_statistics_received(lw_tree *tree, uint32_t octets)
{
    count(tree, 0, octets);
}

/* 6: from zero, for as long as 8 says. */
static void start(void *ctx, lw_tree *tree, lw_statistics *s)
{
    s->is_counting = true;
    s->sent = s->received = s->messages = 0;
    s->ends_at =
        s->period == 0 ? LW_TIME_NEVER : lw_time_add(lw_act_now(ctx), s->period * LW_SECOND_MS);
    set(tree, LW_RES_CONNECTIVITY_STATISTICS_SMS_TX_COUNTER, 0);
    set(tree, LW_RES_CONNECTIVITY_STATISTICS_SMS_RX_COUNTER, 0);
    set(tree, LW_RES_CONNECTIVITY_STATISTICS_MAX_MESSAGE_SIZE, 0);
    show(tree, s);
}

static void stop(lw_statistics *s)
{
    s->is_counting = false;
    s->ends_at = LW_TIME_NEVER;
}

static lw_err execute(void *ctx, lw_tree *tree, lw_path path, lw_bytes arguments)
{
    (void)arguments; /* DM-64 */
    if (lw_path_id(path, LW_LEVEL_RESOURCE) == LW_RES_CONNECTIVITY_STATISTICS_START) {
        start(ctx, tree, statistics_of(tree));
    } else {
        stop(statistics_of(tree));
    }
    return LW_OK;
}

static lw_time step(void *ctx, lw_tree *tree, lw_path instance, lw_time now)
{
    (void)ctx;
    (void)instance;
    lw_statistics *s = statistics_of(tree);
    if (s->is_counting && s->ends_at <= now) {
        stop(s);
    }
    return s->is_counting ? s->ends_at : LW_TIME_NEVER;
}

static const lw_object_hooks statistics_hooks = {.execute = execute, .step = step};
LW_DECLARE_VERSION(lw_statistics_object, lw_statistics, lw_object_7_v1_0, LW_STATISTICS, 1,
                   &statistics_hooks)
