#include "app/lapwing-device/sensors.h"

#include "lw/ipso.h"
#include "lw/objects.h"
#include "lw/standard_objects.h"

typedef struct kind {
    uint16_t object;
    const char *unit;
    float min_range, max_range; /* of the sensor */
    float low, high;            /* where it wanders */
    float step;                 /* at most, per move; also the resolution */
} kind;

static const kind kinds[] = {
    {LW_OBJ_TEMPERATURE, "Cel", -40, 85, 15, 30, 0.125F},
    {LW_OBJ_HUMIDITY, "%RH", 0, 100, 35, 65, 0.25F},
    {LW_OBJ_BAROMETER, "hPa", 300, 1100, 990, 1030, 0.25F},
};
#define KINDS (sizeof kinds / sizeof kinds[0])

/* Devices with different names show different values, one with the same name the same. */
static uint32_t next(sensors *s)
{
    s->seed = s->seed * 1664525u + 1013904223u;
    return s->seed >> 16;
}

static lw_err add(lw_tree *tree, uint16_t object, uint16_t id)
{
    lw_path at;
    lw_err err = lw_tree_add(tree, object, id, &at);
    return err == LW_EEXISTS ? LW_OK : err;
}

static lw_err add_others(lw_tree *tree)
{
    lw_err err = add(tree, LW_OBJ_LIGHT_CONTROL, 0);
    if (err == LW_OK) {
        err = add(tree, LW_OBJ_ON_OFF_SWITCH, 0);
    }
    if (err == LW_OK) {
        err = lw_sensor_add(tree, LW_OBJ_LOAD, 0, NULL, 0, 1000);
    }
    if (err == LW_OK) {
        err = add(tree, LW_OBJ_LOCATION, 0);
    }
    if (err == LW_OK) {
        err = add(tree, LW_OBJ_CONNECTIVITY_STATISTICS, 0);
    }
    return err == LW_OK ? lw_location_fix(tree, 52.5200, 13.4050, -1) : err;
}

lw_err sensors_start(sensors *s, lw_tree *tree, const char *name)
{
    lw_err err = LW_OK;
    *s = (sensors){.seed = 1};
    for (; *name != '\0'; name++) {
        s->seed = s->seed * 31 + (uint8_t)*name;
    }
    for (size_t i = 0; err == LW_OK && i < KINDS; i++) {
        const kind *k = &kinds[i];
        s->values[i] = k->low + (k->high - k->low) * (float)(next(s) % 64) / 64;
        err = lw_sensor_add(tree, k->object, 0, k->unit, k->min_range, k->max_range);
        if (err == LW_OK) {
            err = lw_sensor_set(tree, k->object, 0, s->values[i]);
        }
    }
    return err == LW_OK ? add_others(tree) : err;
}

static float wander(sensors *s, const kind *k, float from)
{
    float v = from + ((float)(next(s) % 3) - 1) * k->step;
    return v < k->low ? k->low : v > k->high ? k->high : v;
}

void sensors_move(sensors *s, lw_tree *tree)
{
    for (size_t i = 0; i < KINDS; i++) {
        const kind *k = &kinds[i];
        const lw_sensor *sensor = lw_tree_struct(tree, lw_path_instance(k->object, 0));
        if (sensor == NULL) {
            continue;
        }
        s->is_held[i] = s->is_held[i] || sensor->value != s->values[i];
        s->values[i] = s->is_held[i] ? sensor->value : wander(s, k, s->values[i]);
        lw_sensor_set(tree, k->object, 0, s->values[i]);
    }
}
