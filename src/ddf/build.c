#include "ddf/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ddf/range.h"
#include "lw/path.h"
#include "model/registry.h"

static const char *const object_tags[LW_DDF_OBJECT_FIELDS] = {
    "Name",          "Description1",      "ObjectID",  "ObjectURN",    "LWM2MVersion",
    "ObjectVersion", "MultipleInstances", "Mandatory", "Description2",
};

static const char *const item_tags[LW_DDF_ITEM_FIELDS] = {
    "Name",  "Operations",  "MultipleInstances", "Mandatory", "Type", "RangeEnumeration",
    "Units", "Description",
};

struct lw_ddf_item {
    lw_ddf_item *next;
    lw_ddf_place at;
    lw_resource_def def;
    lw_range *range; /* NULL: none */
    lw_resource_text text;
};

struct lw_ddf_object {
    lw_ddf_object *next;
    lw_object_def def;
    lw_object_text text;
};

typedef struct choice {
    const char *word; /* in lower case */
    uint8_t value;
} choice;

static const choice operation_choices[] = {
    {"", 0}, {"r", LW_OP_R}, {"w", LW_OP_W}, {"rw", LW_OP_R | LW_OP_W}, {"e", LW_OP_E}, {NULL, 0},
};
static const choice instance_choices[] = {{"single", 0}, {"multiple", LW_DEF_MULTIPLE}, {NULL, 0}};
static const choice mandatory_choices[] = {
    {"optional", 0}, {"mandatory", LW_DEF_MANDATORY}, {NULL, 0}};
static const choice type_choices[] = {
    {"", LW_TYPE_NONE},
    {"string", LW_TYPE_STRING},
    {"integer", LW_TYPE_INTEGER},
    {"int", LW_TYPE_INTEGER},
    {"unsigned integer", LW_TYPE_UNSIGNED},
    {"unsigned", LW_TYPE_UNSIGNED},
    {"float", LW_TYPE_FLOAT},
    {"boolean", LW_TYPE_BOOLEAN},
    {"bool", LW_TYPE_BOOLEAN},
    {"opaque", LW_TYPE_OPAQUE},
    {"time", LW_TYPE_TIME},
    {"objlnk", LW_TYPE_OBJLNK},
    {"corelnk", LW_TYPE_CORELNK},
    {NULL, 0},
};

static lw_ddf_field *find_field(lw_ddf_field *fields, const char *const *tags, size_t count,
                                const char *tag)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(tags[i], tag) == 0) {
            return &fields[i];
        }
    }
    return NULL;
}

lw_ddf_field *lw_ddf_object_field_of(lw_ddf_builder *b, const char *tag)
{
    return find_field(b->object, object_tags, LW_DDF_OBJECT_FIELDS, tag);
}

lw_ddf_field *lw_ddf_item_field_of(lw_ddf_builder *b, const char *tag)
{
    return find_field(b->item, item_tags, LW_DDF_ITEM_FIELDS, tag);
}

void lw_ddf_open_object(lw_ddf_builder *b, lw_ddf_place at)
{
    memset(b->object, 0, sizeof b->object);
    b->object_at = at;
    b->resources_seen = false;
    b->item_seen = false;
    b->items = NULL;
    b->item_count = 0;
}

void lw_ddf_open_item(lw_ddf_builder *b, lw_ddf_place at, const char *id)
{
    memset(b->item, 0, sizeof b->item);
    b->item_seen = true;
    b->item_at = at;
    b->item_id = id != NULL ? lw_ddf_keep(b->out, lw_bytes_str(id)) : NULL;
}

static const char *text_of(const lw_ddf_field *f)
{
    return f->text != NULL ? f->text : "";
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 'a' - 'A' : c;
}

static bool same_word(const char *text, const char *word)
{
    size_t i = 0;
    while (text[i] != '\0' && lower(text[i]) == word[i]) {
        i++;
    }
    return text[i] == word[i];
}

/* --- What a field must be ------------------------------------------------------------------ */

static bool require(lw_ddf_builder *b, const lw_ddf_field *f, const char *tag, const char *subject,
                    lw_ddf_place at)
{
    if (f->text == NULL) {
        lw_ddf_say(b->out, LW_DDF_ERROR, at, "%s: <%s> is missing", subject, tag);
    }
    return f->text != NULL;
}

/* The value that the field's text stands for; false, and an error, when it is missing or unknown.
 */
static bool choose(lw_ddf_builder *b, const lw_ddf_field *f, const char *tag, const choice *choices,
                   const char *expected, const char *subject, lw_ddf_place at, uint8_t *out_value)
{
    if (!require(b, f, tag, subject, at)) {
        return false;
    }
    for (size_t i = 0; choices[i].word != NULL; i++) {
        if (same_word(f->text, choices[i].word)) {
            *out_value = choices[i].value;
            return true;
        }
    }
    lw_ddf_say(b->out, LW_DDF_ERROR, f->at, "%s: %s is %s, not %s", subject, tag,
               lw_ddf_quote(f->text).text, expected);
    return false;
}

/* Flags of an object or a resource from its two fields. */
static uint8_t read_flags(lw_ddf_builder *b, const lw_ddf_field *instances,
                          const lw_ddf_field *mandatory, const char *subject, lw_ddf_place at)
{
    uint8_t multiple = 0;
    uint8_t owed = 0;
    (void)choose(b, instances, "MultipleInstances", instance_choices, "Single or Multiple", subject,
                 at, &multiple);
    (void)choose(b, mandatory, "Mandatory", mandatory_choices, "Mandatory or Optional", subject, at,
                 &owed);
    return multiple | owed;
}

/* VER-20 */
static bool read_id(lw_ddf_builder *b, lw_ddf_place at, const char *what, const char *text,
                    uint16_t *out_id)
{
    uint32_t id = 0;
    size_t i = 0;
    while (text[i] >= '0' && text[i] <= '9' && i < 9) {
        id = id * 10 + (uint32_t)(text[i++] - '0');
    }
    if (i == 0 || text[i] != '\0' || id >= LW_ID_MAX) {
        lw_ddf_say(b->out, LW_DDF_ERROR, at, "%s is %s, not a number from 0 to %u", what,
                   lw_ddf_quote(text).text, LW_ID_MAX - 1);
        return false;
    }
    *out_id = (uint16_t)id;
    return true;
}

/* One number of a version; false when there is none. */
static bool version_number(const char **text, uint8_t max, uint8_t *out_v)
{
    uint32_t v = 0;
    size_t i = 0;
    while ((*text)[i] >= '0' && (*text)[i] <= '9' && i < 3) {
        v = v * 10 + (uint32_t)((*text)[i++] - '0');
    }
    *text += i;
    *out_v = (uint8_t)v;
    return i > 0 && v <= max;
}

/* "1.2", also "1.2.1" whose last number means nothing here. An absent or empty element is 1.0. */
static void read_version(lw_ddf_builder *b, const lw_ddf_field *f, const char *tag, uint8_t max,
                         uint8_t version[2])
{
    const char *text = text_of(f);
    uint8_t patch = 0;
    version[0] = 1;
    version[1] = 0;
    if (*text == '\0') {
        return;
    }
    bool good = version_number(&text, max, &version[0]) && *text++ == '.' &&
                version_number(&text, max, &version[1]);
    if (good && *text == '.') {
        text++;
        good = version_number(&text, max, &patch);
    }
    if (!good || *text != '\0') {
        version[0] = 1;
        version[1] = 0;
        lw_ddf_say(b->out, LW_DDF_ERROR, f->at, "%s is %s, not a version like 1.0", tag,
                   lw_ddf_quote(f->text).text);
    }
}

/* --- Item -> resource ---------------------------------------------------------------------- */

static uint8_t read_type(lw_ddf_builder *b, const char *subject, bool knows_ops, uint8_t ops)
{
    const lw_ddf_field *f = &b->item[LW_DDF_ITEM_TYPE];
    uint8_t type = LW_TYPE_NONE;
    bool executable = knows_ops && ops == LW_OP_E;
    if (executable && f->text == NULL) {
        return LW_TYPE_NONE;
    }
    if (!choose(b, f, "Type", type_choices, "a type of LwM2M", subject, b->item_at, &type)) {
        return LW_TYPE_NONE;
    }
    if (executable && type != LW_TYPE_NONE) { /* MDL-03 */
        lw_ddf_say(b->out, LW_DDF_WARNING, f->at, "%s: executable, its type %s is ignored", subject,
                   lw_ddf_quote(f->text).text);
        return LW_TYPE_NONE;
    }
    if (knows_ops && !executable && type == LW_TYPE_NONE) {
        lw_ddf_say(b->out, LW_DDF_WARNING, f->at, "%s: not executable, but has no type", subject);
    }
    return type;
}

/* The numbers that do not stand in the range itself; int64_t and double are of one size. */
static size_t size_of_numbers(const lw_range *range)
{
    return range->count * sizeof *range->as.numbers;
}

/* A range of its own in the arena, or NULL. */
static lw_range *keep_range(lw_ddf_builder *b, const lw_ddf_range *found)
{
    lw_range *range = lw_ddf_take(b->out, sizeof *range);
    if (range == NULL) {
        return NULL;
    }
    *range = found->range;
    if (range->count > 0) {
        void *numbers = lw_ddf_take(b->out, size_of_numbers(range));
        if (numbers == NULL) {
            return NULL;
        }
        memcpy(numbers, range->as.numbers, size_of_numbers(range));
        range->as.numbers = numbers;
    }
    return range;
}

static bool is_same_range(const lw_range *a, const lw_range *b)
{
    if (a->kind != b->kind || a->count != b->count) {
        return false;
    }
    return a->count > 0 ? memcmp(a->as.numbers, b->as.numbers, size_of_numbers(a)) == 0
                        : a->lo == b->lo && a->as.hi == b->as.hi;
}

static lw_range *read_range(lw_ddf_builder *b, const char *subject, lw_type type)
{
    const lw_ddf_field *f = &b->item[LW_DDF_ITEM_RANGE];
    lw_ddf_range found;
    switch (lw_ddf_range_parse(lw_bytes_str(text_of(f)), type, &found)) {
    case LW_DDF_RANGE_NONE:
        return NULL;
    case LW_DDF_RANGE_FOUND:
        break;
    case LW_DDF_RANGE_DOWNWARDS:
        lw_ddf_say(b->out, LW_DDF_NOTE, f->at, "%s: range %s runs downwards, it is read upwards",
                   subject, lw_ddf_quote(f->text).text);
        break;
    case LW_DDF_RANGE_UNREADABLE:
        lw_ddf_say(b->out, LW_DDF_NOTE, f->at, "%s: range %s is not machine readable", subject,
                   lw_ddf_quote(f->text).text);
        return NULL;
    }
    return keep_range(b, &found);
}

void lw_ddf_end_item(lw_ddf_builder *b)
{
    uint16_t id = 0;
    uint8_t ops = 0;
    char subject[24];
    const lw_ddf_field *f = b->item;
    if (b->item_id == NULL) {
        lw_ddf_say(b->out, LW_DDF_ERROR, b->item_at, "<Item> has no ID");
        return;
    }
    if (!read_id(b, b->item_at, "ID", b->item_id, &id)) {
        return;
    }
    (void)snprintf(subject, sizeof subject, "resource %u", id);
    lw_ddf_item *it = lw_ddf_take(b->out, sizeof *it);
    if (it == NULL) {
        return;
    }
    (void)require(b, &f[LW_DDF_ITEM_NAME], "Name", subject, b->item_at);
    bool knows_ops = choose(b, &f[LW_DDF_ITEM_OPERATIONS], "Operations", operation_choices,
                            "R, W, RW, E or empty", subject, b->item_at, &ops);
    it->at = b->item_at;
    it->def.id = id;
    it->def.ops = ops & 0xfu;
    it->def.flags =
        read_flags(b, &f[LW_DDF_ITEM_INSTANCES], &f[LW_DDF_ITEM_MANDATORY], subject, b->item_at) &
        0x3u;
    it->def.type = read_type(b, subject, knows_ops, ops) & 0xfu;
    it->range = read_range(b, subject, (lw_type)it->def.type);
    it->text = (lw_resource_text){
        .name = text_of(&f[LW_DDF_ITEM_NAME]),
        .range = text_of(&f[LW_DDF_ITEM_RANGE]),
        .unit = text_of(&f[LW_DDF_ITEM_UNITS]),
        .description = text_of(&f[LW_DDF_ITEM_DESCRIPTION]),
    };
    it->next = b->items;
    b->items = it;
    b->item_count++;
}

/* --- Object -> definition ------------------------------------------------------------------ */

/* By id, those of one id in the order of the file. */
static int compare_items(const void *a, const void *b)
{
    const lw_ddf_item *x = a;
    const lw_ddf_item *y = b;
    if (x->def.id != y->def.id) {
        return x->def.id < y->def.id ? -1 : 1;
    }
    if (x->at.line != y->at.line) {
        return x->at.line < y->at.line ? -1 : 1;
    }
    return x->at.column < y->at.column ? -1 : 1;
}

/* Gives the range of an item its place among those of the object. */
static void place_range(lw_ddf_builder *b, lw_range *ranges, unsigned *count, lw_ddf_item *it)
{
    if (it->range == NULL) {
        return;
    }
    unsigned place = 0;
    while (place < *count && !is_same_range(&ranges[place], it->range)) {
        place++;
    }
    if (place == LW_RANGES_MAX) {
        lw_ddf_say(b->out, LW_DDF_NOTE, it->at,
                   "resource %u: its range is one too many, it is not checked", it->def.id);
        return;
    }
    ranges[place] = *it->range;
    *count += place == *count ? 1 : 0;
    it->def.range = (place + 1) & LW_RANGES_MAX;
}

/* The gathered items as two parallel tables, ascending by id. */
static void build_resources(lw_ddf_builder *b, lw_ddf_object *o)
{
    size_t count = b->item_count;
    lw_ddf_item *sorted = lw_ddf_take(b->out, count * sizeof *sorted);
    lw_resource_def *defs = lw_ddf_take(b->out, count * sizeof *defs);
    lw_resource_text *texts = lw_ddf_take(b->out, count * sizeof *texts);
    lw_range *ranges =
        lw_ddf_take(b->out, (count < LW_RANGES_MAX ? count : LW_RANGES_MAX) * sizeof *ranges);
    unsigned range_count = 0;
    if (sorted == NULL || defs == NULL || texts == NULL || ranges == NULL || count == 0) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = *b->items;
        b->items = b->items->next;
    }
    qsort(sorted, count, sizeof *sorted, compare_items);
    for (size_t i = 0; i < count; i++) {
        place_range(b, ranges, &range_count, &sorted[i]);
        defs[i] = sorted[i].def;
        texts[i] = sorted[i].text;
        if (i > 0 && defs[i].id == defs[i - 1].id) {
            lw_ddf_say(b->out, LW_DDF_ERROR, sorted[i].at,
                       "resource %u: stands twice, first in line %u", defs[i].id,
                       sorted[i - 1].at.line);
        }
    }
    o->def.resources = defs;
    o->def.resource_count = (uint16_t)count; /* ids are distinct, else the file is refused */
    o->def.ranges = range_count > 0 ? ranges : NULL;
    o->text.resources = texts;
}

static const char *class_name(uint16_t id)
{
    switch (lw_object_class_of(id)) {
    case LW_OBJECT_CLASS_OMA:
        return "oma";
    case LW_OBJECT_CLASS_EXT:
        return "ext";
    default:
        return "x";
    }
}

/* Whether the URN is urn:oma:lwm2m:{oma|ext|x}:ID[:version], where version 1.0 may be left out
 * (VER-10). */
static bool urn_fits(const char *urn, const lw_object_def *def)
{
    static const char *const classes[] = {"oma", "ext", "x"};
    char expected[64];
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        int end = snprintf(expected, sizeof expected, "urn:oma:lwm2m:%s:%u", classes[i], def->id);
        if (def->major == 1 && def->minor == 0 && strcmp(urn, expected) == 0) {
            return true;
        }
        (void)snprintf(expected + end, sizeof expected - (size_t)end, ":%u.%u", def->major,
                       def->minor);
        if (strcmp(urn, expected) == 0) {
            return true;
        }
    }
    return false;
}

/* The URN as given, also when it does not fit; built from id and version when it is missing. */
static const char *read_urn(lw_ddf_builder *b, const lw_object_def *def)
{
    const lw_ddf_field *f = &b->object[LW_DDF_OBJECT_URN];
    char urn[64];
    if (*text_of(f) != '\0') {
        if (!urn_fits(f->text, def)) {
            lw_ddf_say(b->out, LW_DDF_WARNING, f->at,
                       "ObjectURN is %s, which does not fit object %u:%u.%u",
                       lw_ddf_quote(f->text).text, def->id, def->major, def->minor);
        }
        return f->text;
    }
    int end = snprintf(urn, sizeof urn, "urn:oma:lwm2m:%s:%u", class_name(def->id), def->id);
    if (def->major != 1 || def->minor != 0) {
        (void)snprintf(urn + end, sizeof urn - (size_t)end, ":%u.%u", def->major, def->minor);
    }
    return lw_ddf_keep(b->out, lw_bytes_str(urn));
}

/* Both descriptions, the second in a line of its own. */
static const char *read_description(lw_ddf_builder *b)
{
    const char *first = text_of(&b->object[LW_DDF_OBJECT_DESCRIPTION1]);
    const char *second = text_of(&b->object[LW_DDF_OBJECT_DESCRIPTION2]);
    if (*first == '\0' || *second == '\0') {
        return *first == '\0' ? second : first;
    }
    size_t len = strlen(first);
    char *both = lw_ddf_take(b->out, len + strlen(second) + 2);
    if (both != NULL) {
        memcpy(both, first, len);
        both[len] = '\n';
        memcpy(both + len + 1, second, strlen(second));
    }
    return both;
}

void lw_ddf_end_object(lw_ddf_builder *b)
{
    const lw_ddf_field *f = b->object;
    lw_ddf_place at = b->object_at;
    lw_ddf_object *o = lw_ddf_take(b->out, sizeof *o);
    if (o == NULL) {
        return;
    }
    (void)require(b, &f[LW_DDF_OBJECT_NAME], "Name", "object", at);
    bool has_id =
        require(b, &f[LW_DDF_OBJECT_ID], "ObjectID", "object", at) &&
        read_id(b, f[LW_DDF_OBJECT_ID].at, "ObjectID", f[LW_DDF_OBJECT_ID].text, &o->def.id);
    o->def.flags =
        read_flags(b, &f[LW_DDF_OBJECT_INSTANCES], &f[LW_DDF_OBJECT_MANDATORY], "object", at);
    uint8_t version[2];
    read_version(b, &f[LW_DDF_OBJECT_VERSION], "ObjectVersion", UINT8_MAX, version);
    o->def.major = version[0];
    o->def.minor = version[1];
    read_version(b, &f[LW_DDF_OBJECT_LWM2M], "LWM2MVersion", 15, version);
    o->def.lwm2m_major = version[0] & 0xfu;
    o->def.lwm2m_minor = version[1] & 0xfu;
    if (!b->item_seen) {
        lw_ddf_say(b->out, LW_DDF_ERROR, at, "object: no resources");
    }
    build_resources(b, o);
    o->text.name = text_of(&f[LW_DDF_OBJECT_NAME]);
    o->text.urn = has_id ? read_urn(b, &o->def) : text_of(&f[LW_DDF_OBJECT_URN]);
    o->text.description = read_description(b);
    o->text.def = &o->def;
    o->next = b->objects;
    b->objects = o;
    b->object_count++;
}

void lw_ddf_build(lw_ddf_builder *b)
{
    size_t left = b->object_count;
    lw_object_text *table = lw_ddf_take(b->out, left * sizeof *table);
    if (table == NULL) {
        return;
    }
    for (const lw_ddf_object *o = b->objects; o != NULL; o = o->next) {
        table[--left] = o->text;
    }
    b->out->ddf.objects = table;
    b->out->ddf.object_count = b->object_count;
}
