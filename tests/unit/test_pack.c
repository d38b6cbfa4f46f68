#include "tests/unit/test.h"

#include "fieldkit/json.h"
#include "fieldkit/pack.h"
#include "schema/embedded.h"
#include "sync/base/id.h"

/* A pack of one type; the field is what a test varies. */
#define HEAD "{\"pack\":\"p\",\"version\":\"1\",\n"
#define TYPE "\"types\":[{\"type\":\"t\",\"nl\":\"T\",\"en\":\"T\"," \
	"\"fields\":[\n"
#define TAIL "\n]}]}"
#define LABELS "\"nl\":\"x\",\"en\":\"x\",\"class\":\"I\"," \
	"\"compartment\":\"team\""
#define FIELD(more) "{\"field\":\"f\"," LABELS "," more "}"
#define PACK(fields) HEAD TYPE fields TAIL

/* As long as a name may be. */
#define LONG_NAME "a234567890123456789012345678901234567890" \
	"123456789012345678901234"

static struct pack *
read_text(const char *text)
{
	struct pack *p = NULL;

	assert_ok(pack_read(&p, bytes_of(text)));
	return p;
}

static struct pack *
default_pack(void)
{
	struct bytes json;
	struct pack *p = NULL;

	assert_ok(pack_builtin(&json, "default"));
	assert_ok(pack_read(&p, json));
	return p;
}

static const struct pack_field *
find(const struct pack *p, const char *type, const char *field)
{
	const struct pack_type *t = pack_type(p, bytes_of(type));
	const struct pack_field *f;

	if (t == NULL)
		fail_msg("no type %s", type);
	f = pack_field(t, bytes_of(field));
	if (f == NULL)
		fail_msg("no field %s of %s", field, type);
	return f;
}

static void
refused(const char *text, const char *start, const char *say)
{
	struct pack *p = NULL;
	fault f = pack_read(&p, bytes_of(text));

	if (f == NULL)
		fail_msg("accepted: %s", text);
	assert_int_equal(f->code, FAULT_INVALID);
	assert_null(p);
	if (strncmp(f->text, start, strlen(start)) != 0 ||
	    strstr(f->text, say) == NULL)
		fail_msg("\"%s\" should be \"%s... %s\"", f->text, start, say);
}

static void
takes(const struct pack_field *f, const char *in, const char *want)
{
	uint8_t *at = test_cut((const uint8_t *)in, strlen(in));
	struct buf b = BUF_EMPTY;

	assert_ok(pack_check(&b, f, (struct bytes){ at, strlen(in) }));
	assert_string_equal(buf_cstr(&b), want);
	buf_free(&b);
	free(at);
}

static void
rejects(const struct pack_field *f, struct bytes in, const char *want)
{
	uint8_t *at = test_cut(in.at, in.len);
	struct buf b = BUF_EMPTY;
	fault bad = pack_check(&b, f, (struct bytes){ at, in.len });

	if (bad == NULL)
		fail_msg("%s accepted %.*s", f->name, (int)in.len, in.at);
	assert_int_equal(bad->code, FAULT_INVALID);
	assert_string_equal(bad->text, want);
	assert_int_equal(b.len, 0);
	buf_free(&b);
	free(at);
}
#define REJECTS(f, in, want) rejects(f, bytes_of(in), want)

TEST(a_small_pack_says_what_its_text_says)
{
	struct pack *p = read_text(HEAD "\"lists\":{\"l\":[{"
	    "\"code\":\"a\",\"nl\":\"A-nl\",\"en\":\"A-en\",\"class\":\"C\","
	    "\"cluster\":\"k\",\"hint_nl\":\"h1\",\"hint_en\":\"h2\"}]},"
	    TYPE FIELD("\"form\":\"code\",\"kind\":\"set\",\"values\":\"l\"")
	    ",{\"field\":\"g\",\"nl\":\"G-nl\",\"en\":\"G-en\","
	    "\"form\":\"int\",\"compartment\":\"identity\",\"class\":\"DT\","
	    "\"required\":true,\"min\":-5,\"max\":7,"
	    "\"hint_nl\":\"h3\",\"hint_en\":\"h4\"}" TAIL);
	const struct pack_field *f = find(p, "t", "f"), *g = find(p, "t", "g");

	assert_string_equal(p->name, "p");
	assert_string_equal(p->version, "1");
	assert_int_equal(f->form, FORM_CODE);
	assert_int_equal(f->kind, KIND_SET);
	assert_int_equal(f->comp, COMP_TEAM);
	assert_false(f->required);
	assert_int_equal(f->nvalues, 1);
	assert_string_equal(f->values[0].nl, "A-nl");
	assert_string_equal(f->values[0].en, "A-en");
	assert_string_equal(f->values[0].class, "C");
	assert_string_equal(f->values[0].cluster, "k");
	assert_string_equal(f->values[0].hint_en, "h2");
	assert_int_equal(g->form, FORM_INT);
	assert_int_equal(g->kind, KIND_VALUE);
	assert_int_equal(g->comp, COMP_IDENTITY);
	assert_true(g->required);
	assert_string_equal(g->class, "DT");
	assert_string_equal(g->nl, "G-nl");
	assert_string_equal(g->hint_nl, "h3");
	assert_int_equal(g->min, -5);
	assert_int_equal(g->max, 7);
	assert_null(pack_type(p, bytes_of("u")));
	assert_null(pack_field(p->types, bytes_of("h")));
	pack_free(p);
	pack_free(NULL);
}

TEST(a_mistake_in_a_field_is_named_with_its_line_and_place)
{
	const char *at = "line 3: type t: field f: ";
	static const struct { const char *more, *say; } bad[] = {
		{ "\"form\":\"time\"", "form: must be one of" },
		{ "\"form\":\"text\",\"kind\":\"bag\"", "kind: must be" },
		{ "\"form\":\"text\",\"min\":0", "min and max" },
		{ "\"form\":\"text\",\"min\":9,\"max\":8", "min and max" },
		{ "\"form\":\"text\",\"max\":32769", "min and max" },
		{ "\"form\":\"int\",\"max\":9007199254740992", "min and max" },
		{ "\"form\":\"date\",\"max\":8", "min and max: belong" },
		{ "\"form\":\"code\"", "values: belongs" },
		{ "\"form\":\"text\",\"values\":\"l\"", "values: belongs" },
		{ "\"form\":\"code\",\"values\":\"l\"", "no such list" },
		{ "\"form\":\"code\",\"values\":[]", "1 to 1000 entries" },
		{ "\"form\":\"code\",\"values\":[1]", "must be an object" },
		{ "\"form\":\"code\",\"values\":[{\"code\":\"a\"}]",
		    "nl: is missing" },
		{ "\"form\":\"code\",\"values\":[{\"code\":\"a b\","
		    "\"nl\":\"x\",\"en\":\"x\"}]", "code: must be 1 to 40" },
		{ "\"form\":\"code\",\"values\":[{\"code\":\"a\",\"nl\":\"x\","
		    "\"en\":\"x\"},{\"code\":\"a\",\"nl\":\"x\",\"en\":\"x\"}]",
		    "the code a stands here twice" },
		{ "\"form\":\"int\",\"not_above\":\"g\"", "not_above: must be" },
		{ "\"form\":\"int\",\"not_above\":\"f\"", "not_above: must be" },
		{ "\"form\":\"int\",\"not_above\":\"G\"", "a name must be" },
		{ "\"form\":\"text\",\"hint_nl\":\"x\"", "both or neither" },
		{ "\"form\":\"text\",\"generate\":\"uuid\"", "crockford8" },
		{ "\"form\":\"text\",\"generate\":\"crockford8\",\"max\":7",
		    "crockford8" },
		{ "\"form\":\"int\",\"generate\":\"crockford8\"",
		    "generate: only" },
		{ "\"form\":\"text\",\"kind\":\"set\","
		    "\"generate\":\"crockford8\"", "generate: " },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct buf b = BUF_EMPTY;

		buf_text(&b, PACK(FIELD("%s")), bad[i].more);
		refused(buf_cstr(&b), at, bad[i].say);
		buf_free(&b);
	}
}

/* f, not above g, which stands behind it. */
static fault
read_pair(struct pack **p, const char *f, const char *g)
{
	struct buf b = BUF_EMPTY;
	fault bad;

	buf_text(&b, PACK("{\"field\":\"f\",\"nl\":\"F\",\"en\":\"F\","
	    "\"class\":\"I\",\"not_above\":\"g\",%s},"
	    "{\"field\":\"g\",\"nl\":\"G\",\"en\":\"G\",\"class\":\"I\","
	    "%s}"), f, g);
	bad = pack_read(p, buf_view(&b));
	buf_free(&b);
	return bad;
}

#define TEAM(form) "\"form\":\"" form "\",\"compartment\":\"team\""

TEST(only_two_fields_that_can_be_compared_may_be_put_in_order)
{
	static const struct { const char *f, *g; } bad[] = {
		{ TEAM("int"), TEAM("date") },
		{ TEAM("text"), TEAM("text") },
		{ TEAM("bool"), TEAM("bool") },
		{ TEAM("int") ",\"kind\":\"set\"", TEAM("int") },
		{ TEAM("int"), TEAM("int") ",\"kind\":\"set\"" },
		{ TEAM("int"), "\"form\":\"int\",\"compartment\":"
		    "\"identity\"" }
	};
	struct pack *p = NULL;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_fault(FAULT_INVALID, read_pair(&p, bad[i].f, bad[i].g));
		assert_null(p);
	}
	assert_ok(read_pair(&p, TEAM("date"), TEAM("date")));
	assert_string_equal(find(p, "t", "f")->not_above, "g");
	assert_null(find(p, "t", "g")->not_above);
	pack_free(p);
}

TEST(numbers_and_dates_are_compared_as_what_they_are)
{
	static const struct { const char *form, *a, *b; bool above; } pair[] = {
		{ TEAM("int"), "9", "10", false },
		{ TEAM("int"), "10", "9", true },
		{ TEAM("int"), "007", "7", false },
		{ TEAM("int"), "-2", "-3", true },
		{ TEAM("int"), "many", "1", false },
		{ TEAM("int"), "2", "few", false },
		{ TEAM("int"), "2", "", false },
		{ TEAM("date"), "2026-09-02", "2026-09-01", true },
		{ TEAM("date"), "2026-09-01", "2026-09-01", false },
		{ TEAM("date"), "2026-09-01", "2026-10-01", false },
		{ TEAM("date"), "2026-99-01", "2026-10-01", false }
	};

	for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
		struct pack *p = NULL;

		assert_ok(read_pair(&p, pair[i].form, pair[i].form));
		assert_int_equal(pack_above(find(p, "t", "f"),
		    bytes_of(pair[i].a), find(p, "t", "g"),
		    bytes_of(pair[i].b)), pair[i].above);
		pack_free(p);
	}
}

TEST(a_mistake_in_the_shape_is_named)
{
	refused("[]", "line 1: ", "this must be an object");
	refused("{}", "line 1: ", "pack: is missing");
	refused("{\"pack\":\"P\",\"version\":\"1\",\"types\":[]}", "line 1: ",
	    "a name must be");
	refused("{\"pack\":\"p\",\"version\":\"\",\"types\":[]}", "line 1: ",
	    "version: must be");
	refused("{\"pack\":\"p\",\"version\":\"1\",\n\"types\":[]}", "line 2: ",
	    "1 to 64 entries, it has 0");
	refused("{\"pack\":\"p\",\"version\":1,\"types\":[]}", "line 1: ",
	    "version: must be a text");
	refused(HEAD "\"Types\":[]}", "line 2: ",
	    "no meaning here: Types");
	refused(HEAD "\"types\":[{\"type\":\"t\",\"nl\":\"\",\"en\":\"T\","
	    "\"fields\":[1]}]}", "line 2: type t: ", "nl: must be one line");
	refused(HEAD "\"types\":[{\"type\":\"t\",\"nl\":\"a\\u001b\","
	    "\"en\":\"T\",\"fields\":[1]}]}", "line 2: type t: ",
	    "nl: must be one line");
	refused(HEAD "\"types\":[{\"type\":\"t\",\"nl\":\"T\","
	    "\"fields\":[1]}]}", "line 2: ", "en: is missing");
	refused(PACK("1"), "line 3: type t: ", "this must be an object");
	refused(PACK("{\"field\":\"f\"}"), "line 3: type t: ",
	    "nl: is missing");
	refused(PACK(FIELD("\"form\":\"text\",\"Required\":true")),
	    "line 3: type t: ", "no meaning here: Required");
	refused(PACK(FIELD("\"form\":\"text\",\"required\":\"yes\"")),
	    "line 3: type t: ", "required: must be true or false");
	refused(PACK(FIELD("\"form\":\"int\",\"max\":2.5")),
	    "line 3: type t: ", "max: must be a whole number");
	refused(PACK(FIELD("\"form\":\"text\",\n\"form\":\"int\"")),
	    "line 4, column ", "duplicate");
	refused(HEAD "\"lists\":{\"l\":\"m\",\"m\":\"l\"}," TYPE "1" TAIL,
	    "line 2: ", "l: must be a list");
	refused(HEAD "\"lists\":{\"L\":[]}," TYPE "1" TAIL, "line 2: ",
	    "a name must be");
	refused(HEAD "\"lists\":{\"l\":[]}," TYPE "1" TAIL, "line 2: list l: ",
	    "1 to 1000 entries");
}

TEST(names_must_be_free_plain_and_used_once)
{
	static const char *const names[] = {
		"withdrawn", "id", "type", "Date", "1st", "a-b", "a b", "",
		"_a", "caf\xc3\xa9", LONG_NAME "5",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct buf b = BUF_EMPTY;

		buf_text(&b, PACK("{\"field\":\"%s\"," LABELS
		    ",\"form\":\"text\"}"), names[i]);
		refused(buf_cstr(&b), "line 3: type t: ", "name");
		buf_free(&b);
	}
	pack_free(read_text(PACK("{\"field\":\"" LONG_NAME "\"," LABELS
	    ",\"form\":\"text\"}")));
	refused(PACK(FIELD("\"form\":\"text\"") ",\n"
	    FIELD("\"form\":\"int\"")), "line 4: type t: ",
	    "the field f stands here twice");
	refused(HEAD "\"types\":[{\"type\":\"t\",\"nl\":\"T\",\"en\":\"T\","
	    "\"fields\":[" FIELD("\"form\":\"text\"") "]},\n"
	    "{\"type\":\"t\",\"nl\":\"T\",\"en\":\"T\",\"fields\":[1]}]}",
	    "line 3: ", "the type t stands here twice");
}

static void
comp_and_class(const char *comp, const char *class, const char *say)
{
	struct buf b = BUF_EMPTY;
	struct pack *p = NULL;

	buf_text(&b, PACK("{\"field\":\"f\",\"nl\":\"x\",\"en\":\"x\","
	    "\"form\":\"text\",\n\"compartment\":\"%s\",\n\"class\":\"%s\"}"),
	    comp, class);
	if (say != NULL)
		refused(buf_cstr(&b), "line ", say);
	else
		assert_ok(pack_read(&p, buf_view(&b)));
	pack_free(p);
	buf_free(&b);
}

TEST(compartment_and_class_must_be_known_and_fit_each_other)
{
	comp_and_class("team", "N", NULL);
	comp_and_class("team", "ISCT", NULL);
	comp_and_class("identity", "D", NULL);
	comp_and_class("restricted", "DSCT", NULL);
	comp_and_class("ledger", "N", "line 4: type t: field f: compartment: "
	    "must be one of");
	comp_and_class("secret", "N", "compartment: must be one of");
	comp_and_class("", "N", "compartment: must be one of");
	comp_and_class("team", "", "line 5: type t: field f: class: must");
	comp_and_class("team", "X", "class: must");
	comp_and_class("team", "NI", "class: must");
	comp_and_class("team", "IN", "class: must");
	comp_and_class("team", "II", "class: must");
	comp_and_class("team", "D", "line 4: type t: field f: compartment: "
	    "direct");
	comp_and_class("team", "TD", "do not belong in team");
}

TEST(hostile_packs_are_refused)
{
	size_t big = 1u << 20;
	char *at = malloc(big);
	struct pack *p = NULL;
	struct buf b = BUF_EMPTY;
	fault f;

	assert_non_null(at);
	memset(at, ' ', big);
	f = pack_read(&p, (struct bytes){ (uint8_t *)at, big });
	assert_non_null(f);
	assert_int_equal(f->code, FAULT_INVALID);
	assert_non_null(strstr(f->text, "at most 524288 bytes"));
	memset(at, '[', big);
	f = pack_read(&p, (struct bytes){ (uint8_t *)at, PACK_MAX });
	assert_non_null(f);
	assert_non_null(strstr(f->text, "nested too deeply"));
	free(at);
	buf_text(&b, "{\"pack\":\"p\",\"version\":\"1\",\"types\":[");
	for (int i = 0; i < 100000; i++)
		buf_text(&b, "{},");
	buf_text(&b, "{}]}");
	refused(buf_cstr(&b), "line 1: ", "1 to 64 entries, it has 100001");
	buf_free(&b);
}

/* Every field of every type may name one long list: it is not copied. */
TEST(a_list_that_every_field_names_is_kept_once)
{
	struct buf b = BUF_EMPTY;
	struct pack *p;

	buf_text(&b, HEAD "\"lists\":{\"l\":[");
	for (int i = 0; i < 1000; i++)
		buf_text(&b, "%s{\"code\":\"c%d\",\"nl\":\"x\",\"en\":\"x\"}",
		    i == 0 ? "" : ",", i);
	buf_text(&b, "]},\"types\":[");
	for (int t = 0; t < 30; t++) {
		buf_text(&b, "%s{\"type\":\"t%d\",\"nl\":\"x\",\"en\":\"x\","
		    "\"fields\":[", t == 0 ? "" : ",", t);
		for (int i = 0; i < 100; i++)
			buf_text(&b, "%s{\"field\":\"f%d\"," LABELS
			    ",\"form\":\"code\",\"values\":\"l\"}",
			    i == 0 ? "" : ",", i);
		buf_text(&b, "]}");
	}
	buf_text(&b, "]}");
	p = read_text(buf_cstr(&b));
	assert_ptr_equal(find(p, "t0", "f0")->values,
	    find(p, "t29", "f99")->values);
	pack_free(p);
	buf_free(&b);
}

TEST(a_pack_cut_anywhere_is_refused)
{
	const char *text = PACK(FIELD("\"form\":\"code\",\"values\":["
	    "{\"code\":\"a\",\"nl\":\"x\",\"en\":\"x\"}]"));

	for (size_t n = 0; n < strlen(text); n++) {
		uint8_t *at = test_cut((const uint8_t *)text, n);
		struct pack *p = NULL;

		assert_fault(FAULT_INVALID,
		    pack_read(&p, (struct bytes){ at, n }));
		assert_null(p);
		free(at);
	}
}

TEST(a_flipped_bit_is_refused_or_gives_another_whole_pack)
{
	const char *text = PACK(FIELD("\"form\":\"code\",\"values\":["
	    "{\"code\":\"a\",\"nl\":\"x\",\"en\":\"x\"}]"));
	size_t len = strlen(text);

	for (size_t i = 0; i < 8 * len; i++) {
		uint8_t *at = test_cut((const uint8_t *)text, len);
		struct pack *p = NULL;
		fault f;

		at[i / 8] ^= (uint8_t)(1u << i % 8);
		f = pack_read(&p, (struct bytes){ at, len });
		if (f == NULL) {
			assert_int_equal(p->ntypes, 1);
			assert_int_equal(p->types[0].fields[0].nvalues, 1);
		} else
			assert_int_equal(f->code, FAULT_INVALID);
		pack_free(p);
		free(at);
	}
}

TEST(a_text_is_counted_in_characters)
{
	struct pack *p = read_text(PACK(FIELD("\"form\":\"text\",\"min\":2,"
	    "\"max\":4")));
	const struct pack_field *f = p->types[0].fields;
	const char *rule = "f: must have 2 to 4 characters, this has ";
	char want[80];

	takes(f, "ab", "ab");
	takes(f, " \n\t", " \n\t");
	takes(f, "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9" "a",
	    "\xf0\x9f\x98\x80\xe2\x82\xac\xc3\xa9" "a");
	snprintf(want, sizeof want, "%s1", rule);
	REJECTS(f, "\xf0\x9f\x98\x80", want);
	snprintf(want, sizeof want, "%s5", rule);
	REJECTS(f, "abcd\xc3\xa9", want);
	REJECTS(f, "", "f: must not be empty");
	REJECTS(f, "a\xff", "f: must be text in UTF-8, without NUL");
	rejects(f, (struct bytes){ (const uint8_t *)"a\0b", 3 },
	    "f: must be text in UTF-8, without NUL");
	pack_free(p);
}

/* 32768 characters of 4 bytes are exactly WIRE_VALUE_MAX. */
TEST(the_longest_text_fits_in_a_value_of_the_format)
{
	struct pack *p = read_text(PACK(FIELD("\"form\":\"text\","
	    "\"max\":32768")));
	struct buf in = BUF_EMPTY, out = BUF_EMPTY;

	for (int i = 0; i < 32768; i++)
		buf_add(&in, "\xf0\x9f\x98\x80", 4);
	assert_ok(pack_check(&out, p->types[0].fields, buf_view(&in)));
	assert_int_equal(out.len, WIRE_VALUE_MAX);
	buf_add(&in, "x", 1);
	rejects(p->types[0].fields, buf_view(&in),
	    "f: must have 1 to 32768 characters, this has 32769");
	buf_free(&in);
	buf_free(&out);
	pack_free(p);
}

TEST(ten_megabytes_of_text_are_refused_with_the_rule)
{
	struct pack *p = default_pack();
	size_t n = 10u << 20;
	uint8_t *at = malloc(n);

	assert_non_null(at);
	memset(at, 'x', n);
	rejects(find(p, "observation", "narrative"), (struct bytes){ at, n },
	    "narrative: must have 1 to 20000 characters, this has 10485760");
	free(at);
	pack_free(p);
}

TEST(a_number_must_be_whole_and_in_range)
{
	struct pack *p = default_pack(), *q = read_text(PACK(
	    FIELD("\"form\":\"int\"") ",{\"field\":\"g\"," LABELS
	    ",\"form\":\"int\",\"min\":-5,\"max\":-2}"));
	const struct pack_field *f = find(p, "observation", "people_min");
	const char *rule =
	    "people_min: must be a whole number from 0 to 10000";
	static const char *const bad[] = {
		"-1", "10001", "1.5", "1e3", "+1", " 1", "1 ", "0x1", "-", "x",
		"99999999999999999999", "18446744073709551617", "1,000",
	};

	takes(f, "0", "0");
	takes(f, "-0", "0");
	takes(f, "007", "7");
	takes(f, "00000000000000000000000000012", "12");
	takes(f, "10000", "10000");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		REJECTS(f, bad[i], rule);
	f = find(q, "t", "g");
	takes(f, "-5", "-5");
	takes(f, "-02", "-2");
	REJECTS(f, "-6", "g: must be a whole number from -5 to -2");
	REJECTS(f, "2", "g: must be a whole number from -5 to -2");
	f = find(q, "t", "f");
	takes(f, "9007199254740991", "9007199254740991");
	takes(f, "-9007199254740991", "-9007199254740991");
	REJECTS(f, "9007199254740992", "f: must be a whole number from "
	    "-9007199254740991 to 9007199254740991");
	pack_free(p);
	pack_free(q);
}

TEST(a_yes_or_no_has_one_spelling_in_the_store)
{
	struct pack *p = default_pack();
	const struct pack_field *f = find(p, "observation", "urgent");

	takes(f, "true", "true");
	takes(f, "1", "true");
	takes(f, "yes", "true");
	takes(f, "ja", "true");
	takes(f, "false", "false");
	takes(f, "0", "false");
	takes(f, "no", "false");
	takes(f, "nee", "false");
	REJECTS(f, "True", "urgent: must be true or false");
	REJECTS(f, "2", "urgent: must be true or false");
	pack_free(p);
}

TEST(a_date_must_be_a_day_of_the_calendar)
{
	struct pack *p = default_pack();
	const struct pack_field *f = find(p, "observation", "date");
	static const char *const good[] = {
		"2026-11-24", "2024-02-29", "2000-02-29", "2026-01-31",
		"2026-12-31", "2026-04-30",
	};
	static const char *const bad[] = {
		"2026-02-30", "2026-02-29", "1900-02-29", "2026-13-01",
		"2026-00-10", "2026-01-00", "2026-01-32", "2026-04-31",
		"0000-01-01", "2026-1-1", "26-01-01", "2026/01/01",
		"2026-01-01T10:00", "2026-01-0a", "20260101", "24-11-2026",
		"-026-01-01",
	};

	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		takes(f, good[i], good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		REJECTS(f, bad[i], "date: must be a date of the calendar,"
		    " such as 2026-11-24");
	pack_free(p);
}

TEST(a_code_must_stand_in_its_list)
{
	struct pack *p = default_pack();
	const struct pack_field *f = find(p, "observation", "certainty");

	takes(f, "seen", "seen");
	takes(f, "assumed", "assumed");
	REJECTS(f, "Seen",
	    "certainty: must be one of: seen, heard, hearsay, assumed");
	REJECTS(f, "see",
	    "certainty: must be one of: seen, heard, hearsay, assumed");
	takes(find(p, "observation", "age_bands"), "<12", "<12");
	f = find(p, "observation", "themes");
	takes(f, "dealen_runnen", "dealen_runnen");
	REJECTS(f, "weather", "themes: must be one of the 28 codes of its"
	    " list: normalisering, beschikbaarheid, online_handel,"
	    " horeca_uitgaan, gebruik_cannabis, gebruik_harddrugs,"
	    " gebruik_overig, dealen_runnen, ronselen, schulden_dreiging,"
	    " zwijgcultuur, negatieve_rolmodellen, ...");
	pack_free(p);
}

TEST(a_place_must_be_well_formed)
{
	struct pack *p = default_pack();
	const struct pack_field *f = find(p, "observation", "place");
	static const char *const bad[] = {
		"GM308", "GM03080", "WK0308", "WK03080", "BU0308000",
		"BU030800000", "XX0308", "gm0308", "BU0308000a", "GM", "Baarn",
	};

	takes(f, "GM0308", "GM0308");
	takes(f, "WK030801", "WK030801");
	takes(f, "BU03080104", "BU03080104");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		REJECTS(f, bad[i], "place: must be a place code: GM and 4"
		    " digits, WK and 6, or BU and 8");
	pack_free(p);
}

TEST(an_id_is_kept_in_32_lower_case_digits)
{
	struct pack *p = default_pack();
	const struct pack_field *f = find(p, "action", "caused_by");
	const char *rule =
	    "caused_by: must be the id of a record, 32 hex digits";
	const char *low = "0192f0aabbccddeeff00112233445566";
	char long_one[200];

	takes(f, low, low);
	takes(f, "0192F0AA-BBCC-DDEE-FF00-112233445566", low);
	REJECTS(f, "0192f0aabbccddeeff0011223344556", rule);
	REJECTS(f, "0192f0aabbccddeeff001122334455667", rule);
	REJECTS(f, "0192f0aabbccddeeff0011223344556g", rule);
	memset(long_one, '-', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = '\0';
	REJECTS(f, long_one, rule);
	pack_free(p);
}

TEST(a_pseudonym_is_drawn_when_omitted)
{
	static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	struct pack *p = default_pack();
	const struct pack_field *f = find(p, "person", "pseudonym");
	struct buf a = BUF_EMPTY, b = BUF_EMPTY, c = BUF_EMPTY;

	pack_generate(&a, f);
	pack_generate(&b, f);
	assert_int_equal(a.len, 8);
	assert_false(bytes_eq(buf_view(&a), buf_view(&b)));
	for (size_t i = 0; i < a.len; i++)
		assert_non_null(strchr(crockford, a.at[i]));
	takes(f, buf_cstr(&a), (const char *)a.at);
	pack_generate(&c, find(p, "person", "name"));
	assert_int_equal(c.len, 0);
	takes(f, "x", "x");
	REJECTS(f, "12345678901234567890123456789012345678901", "pseudonym:"
	    " must have 1 to 40 characters, this has 41");
	buf_free(&a);
	buf_free(&b);
	pack_free(p);
}

TEST(forms_and_compartments_have_names)
{
	enum compartment c;
	enum field_form f;

	for (int i = 0; i < COMP_COUNT; i++) {
		assert_true(comp_parse(&c, comp_name((enum compartment)i)));
		assert_int_equal(c, i);
	}
	for (int i = 0; i < FORM_COUNT; i++) {
		assert_true(form_parse(&f, form_name((enum field_form)i)));
		assert_int_equal(f, i);
	}
	assert_string_equal(comp_name(COMP_RESTRICTED), "restricted");
	assert_string_equal(form_name(FORM_PLACE), "place");
	assert_false(comp_parse(&c, "Team"));
	assert_false(form_parse(&f, ""));
}

TEST(only_a_pack_that_ships_is_built_in)
{
	struct bytes b;

	assert_ok(pack_builtin(&b, "default"));
	assert_fault(FAULT_ABSENT, pack_builtin(&b, "other"));
	assert_fault(FAULT_ABSENT, pack_builtin(&b, ""));
	assert_fault(FAULT_ABSENT, pack_builtin(&b, "../demo/notes"));
	assert_fault(FAULT_ABSENT, pack_builtin(&b, LONG_NAME "5"));
}

static void
is(const struct pack *p, const char *type, const char *field,
    enum kind kind, enum compartment comp)
{
	const struct pack_field *f = find(p, type, field);

	if (f->kind != kind || f->comp != comp)
		fail_msg("%s of %s: wrong kind or compartment", field, type);
}

TEST(the_default_pack_has_what_was_asked_for)
{
	struct pack *p = default_pack();
	static const char *const types[] = { "observation", "conversation",
		"story", "signal", "action", "reflection", "person" };
	static const char *const values[] = { "date", "daypart", "place",
		"narrative", "interpretation", "certainty", "people_min",
		"people_max", "urgent", "spot_name", "atmosphere" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		assert_non_null(pack_type(p, bytes_of(types[i])));
	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		is(p, "observation", values[i], KIND_VALUE, COMP_TEAM);
	is(p, "observation", "themes", KIND_SET, COMP_TEAM);
	is(p, "observation", "groups", KIND_SET, COMP_TEAM);
	is(p, "observation", "age_bands", KIND_SET, COMP_TEAM);
	is(p, "observation", "safety_note", KIND_VALUE, COMP_RESTRICTED);
	is(p, "person", "pseudonym", KIND_VALUE, COMP_TEAM);
	is(p, "person", "kind", KIND_VALUE, COMP_TEAM);
	is(p, "person", "age_band", KIND_VALUE, COMP_TEAM);
	is(p, "person", "name", KIND_VALUE, COMP_IDENTITY);
	is(p, "person", "contact", KIND_VALUE, COMP_IDENTITY);
	is(p, "conversation", "consent", KIND_VALUE, COMP_TEAM);
	assert_int_equal(find(p, "observation", "daypart")->nvalues, 4);
	assert_int_equal(find(p, "conversation", "informant_role")->nvalues,
	    18);
	pack_free(p);
}

TEST(the_default_pack_requires_three_fields_and_no_more)
{
	struct pack *p = default_pack();
	size_t n = 0;

	for (size_t i = 0; i < p->ntypes; i++)
		for (size_t k = 0; k < p->types[i].nfields; k++)
			n += p->types[i].fields[k].required;
	assert_int_equal(n, 3);
	assert_true(find(p, "observation", "date")->required);
	assert_true(find(p, "observation", "narrative")->required);
	assert_true(find(p, "person", "pseudonym")->required);
	pack_free(p);
}

/* Direct identifiers only where coordinators read, free text classed so. */
TEST(the_default_pack_classes_its_fields)
{
	struct pack *p = default_pack();

	for (size_t i = 0; i < p->ntypes; i++)
		for (size_t k = 0; k < p->types[i].nfields; k++) {
			const struct pack_field *f = &p->types[i].fields[k];
			bool direct = strchr(f->class, 'D') != NULL;

			assert_int_equal(direct, f->comp == COMP_IDENTITY);
			if (f->form == FORM_TEXT && f->max >= 2000)
				assert_non_null(strchr(f->class, 'T'));
		}
	pack_free(p);
}

/* A key of a sample note, and the field it is recorded in. */
static const struct { const char *key, *field; } columns[] = {
	{ "neighbourhood", "place" }, { "date", "date" },
	{ "narrative", "narrative" }, { "themes", "themes" },
	{ "groups", "groups" }, { "sources", "sources" },
	{ "youth_refs", "about" }, { "consent", "consent" },
	{ "lang", "lang" },
}, action_columns[] = {
	{ "what", "what" }, { "owner", "owner" }, { "due", "due" },
	{ "status", "status" },
};

static void
record(const struct pack *p, const char *type, const char *field,
    const struct json *j)
{
	const struct pack_field *f = find(p, type, field);
	struct buf out = BUF_EMPTY;

	assert_int_equal(f->kind == KIND_SET, json_type(j) == JSON_LIST);
	for (size_t i = 0; i < json_count(j); i++)
		assert_ok(pack_check(&out, f, json_text(json_at(j, i))));
	if (f->kind == KIND_VALUE)
		assert_ok(pack_check(&out, f, json_text(j)));
	buf_free(&out);
}

static void
record_note(const struct pack *p, const struct json *note)
{
	const struct json *actions = json_get(note, "actions");
	char *type = bytes_dup(json_text(json_get(note, "kind")));

	for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
		record(p, type, columns[i].field,
		    json_get(note, columns[i].key));
	for (size_t i = 0; i < json_count(actions); i++)
		for (size_t k = 0; k < 4; k++)
			record(p, "action", action_columns[k].field, json_get(
			    json_at(actions, i), action_columns[k].key));
	free(type);
}

TEST(all_fifty_sample_notes_can_be_recorded)
{
	const struct embedded_file *file = embedded_find("demo/notes.jsonl");
	struct pack *p = default_pack();
	size_t from = 0, n = 0;

	assert_non_null(file);
	while (from < file->len) {
		const uint8_t *at = file->at + from;
		const uint8_t *end = memchr(at, '\n', file->len - from);
		size_t len = end == NULL ? file->len - from :
		    (size_t)(end - at);
		struct json *note;

		assert_ok(json_parse(&note, (struct bytes){ at, len }));
		record_note(p, note);
		json_free(note);
		n++;
		from += len + 1;
	}
	assert_int_equal(n, 50);
	pack_free(p);
}

int
main(void)
{
	return RUN(
	    T(a_small_pack_says_what_its_text_says),
	    T(a_mistake_in_a_field_is_named_with_its_line_and_place),
	    T(only_two_fields_that_can_be_compared_may_be_put_in_order),
	    T(numbers_and_dates_are_compared_as_what_they_are),
	    T(a_mistake_in_the_shape_is_named),
	    T(names_must_be_free_plain_and_used_once),
	    T(compartment_and_class_must_be_known_and_fit_each_other),
	    T(hostile_packs_are_refused),
	    T(a_list_that_every_field_names_is_kept_once),
	    T(a_pack_cut_anywhere_is_refused),
	    T(a_flipped_bit_is_refused_or_gives_another_whole_pack),
	    T(a_text_is_counted_in_characters),
	    T(the_longest_text_fits_in_a_value_of_the_format),
	    T(ten_megabytes_of_text_are_refused_with_the_rule),
	    T(a_number_must_be_whole_and_in_range),
	    T(a_yes_or_no_has_one_spelling_in_the_store),
	    T(a_date_must_be_a_day_of_the_calendar),
	    T(a_code_must_stand_in_its_list),
	    T(a_place_must_be_well_formed),
	    T(an_id_is_kept_in_32_lower_case_digits),
	    T(a_pseudonym_is_drawn_when_omitted),
	    T(forms_and_compartments_have_names),
	    T(only_a_pack_that_ships_is_built_in),
	    T(the_default_pack_has_what_was_asked_for),
	    T(the_default_pack_requires_three_fields_and_no_more),
	    T(the_default_pack_classes_its_fields),
	    T(all_fifty_sample_notes_can_be_recorded));
}
