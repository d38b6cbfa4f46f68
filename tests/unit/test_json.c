#include "tests/unit/test.h"

#include "fieldkit/json.h"

static struct json *
parsed(const char *text)
{
	uint8_t *at = test_cut((const uint8_t *)text, strlen(text));
	struct json *j = NULL;

	assert_ok(json_parse(&j, (struct bytes){ at, strlen(text) }));
	free(at);
	return j;
}

static void
refused(const char *text, size_t len, const char *say)
{
	uint8_t *at = test_cut((const uint8_t *)text, len);
	struct json *j = NULL;
	fault f = json_parse(&j, (struct bytes){ at, len });

	if (f == NULL)
		fail_msg("accepted: %s", text);
	assert_int_equal(f->code, FAULT_INVALID);
	if (strstr(f->text, say) == NULL)
		fail_msg("\"%s\" should say \"%s\"", f->text, say);
	assert_null(j);
	free(at);
}
#define REFUSED(text, say) refused(text, sizeof(text) - 1, say)

TEST(values_come_back_as_they_were_written)
{
	const char *text = "{\"a\": 1, \"b\": [true, false, null, -7, 2.5],"
	    " \"c\": \"caf\xc3\xa9 \\u00e9\\n\\\"\", \"d\": {}}";
	struct json *j = parsed(text);
	const struct json *b = json_get(j, "b");

	assert_int_equal(json_type(j), JSON_OBJECT);
	assert_int_equal(json_count(j), 4);
	assert_int_equal(json_int(json_get(j, "a")), 1);
	assert_int_equal(json_count(b), 5);
	assert_true(json_bool(json_at(b, 0)));
	assert_false(json_bool(json_at(b, 1)));
	assert_int_equal(json_type(json_at(b, 1)), JSON_BOOL);
	assert_int_equal(json_type(json_at(b, 2)), JSON_NULL);
	assert_int_equal(json_int(json_at(b, 3)), -7);
	assert_int_equal(json_type(json_at(b, 4)), JSON_REAL);
	assert_null(json_at(b, 5));
	assert_true(bytes_is(json_text(json_get(j, "c")),
	    "caf\xc3\xa9 \xc3\xa9\n\""));
	assert_int_equal(json_count(json_get(j, "d")), 0);
	assert_null(json_get(j, "e"));
	assert_null(json_get(b, "a"));
	assert_null(json_at(j, 0));
	json_free(j);
	json_free(NULL);
}

TEST(members_keep_the_order_of_the_text)
{
	struct json *j = parsed("{\"z\":1,\"a\":2,\"m\":3,\"b\":4,\"zz\":5,"
	    "\"c\":6,\"y\":7,\"d\":8,\"x\":9}");
	const char *want[] = { "z", "a", "m", "b", "zz", "c", "y", "d", "x" };
	const char *key;

	for (size_t i = 0; i < 9; i++) {
		assert_int_equal(json_int(json_member(j, i, &key)), i + 1);
		assert_string_equal(key, want[i]);
	}
	assert_null(json_member(j, 9, &key));
	json_free(j);
}

TEST(every_value_knows_its_line)
{
	struct json *j = parsed("\n{ \"a\": [1,\n2, \"x:\\\"]\"\n, {\"k\"\n:\n"
	    "null}],\n\"b\\\"{\": \"v\", \"c\":\ttrue\n}\n");
	const struct json *a = json_get(j, "a");

	assert_int_equal(json_line(j), 2);
	assert_int_equal(json_line(a), 2);
	assert_int_equal(json_line(json_at(a, 0)), 2);
	assert_int_equal(json_line(json_at(a, 1)), 3);
	assert_int_equal(json_line(json_at(a, 2)), 3);
	assert_int_equal(json_line(json_at(a, 3)), 4);
	assert_int_equal(json_line(json_get(json_at(a, 3), "k")), 6);
	assert_int_equal(json_line(json_get(j, "b\"{")), 7);
	assert_int_equal(json_line(json_get(j, "c")), 7);
	json_free(j);
}

TEST(a_mistake_is_named_with_line_and_column)
{
	REFUSED("{\n \"a\": 1,\n \"b\" 2}", "line 3, column ");
	REFUSED("{\"a\": \"\xc3\xa9\xff\"}",
	    "line 1, column 9: this is not UTF-8");
	REFUSED("[1,\n\0]", "line 2, column 1: a NUL");
	REFUSED("{\"a\": \"\\u0000\"}", "a NUL");
	REFUSED("", "line 1, column 1: this is not JSON");
	REFUSED("5", "not JSON");
	REFUSED("{} {}", "not JSON");
	REFUSED("[1,]", "not JSON");
	REFUSED("[1e999]", "not JSON");
	REFUSED("[99999999999999999999]", "not JSON");
	REFUSED("[\"\\ud800\"]", "not JSON");
	REFUSED("[\"a\nb\"]", "not JSON");
	REFUSED("[01]", "not JSON");
	REFUSED("\xef\xbb\xbf{}", "not JSON");
}

TEST(a_mistake_does_not_quote_the_text)
{
	const char *text = "{\"secret\": \"x\" \"hidden\"}";
	struct json *j;
	fault f = json_parse(&j, bytes_of(text));

	assert_non_null(f);
	assert_null(strstr(f->text, "hidden"));
}

TEST(a_repeated_key_is_refused_even_when_it_is_spelt_otherwise)
{
	REFUSED("{\"a\":1,\n\"a\":1}", "line 2");
	REFUSED("{\"x\":{\"a\":1,\"\\u0061\":2}}", "duplicate");
}

TEST(nesting_has_a_limit)
{
	char deep[2 * JSON_DEPTH_MAX + 3];
	struct json *j = NULL;

	memset(deep, '[', JSON_DEPTH_MAX);
	memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	assert_ok(json_parse(&j, (struct bytes){ (uint8_t *)deep,
	    2 * JSON_DEPTH_MAX }));
	json_free(j);
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	refused(deep, 2 * JSON_DEPTH_MAX + 2, "line 1, column 33: ");
	/* Brackets in a string are no nesting. */
	j = parsed("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]");
	json_free(j);
}

TEST(a_million_open_brackets_are_refused_at_once)
{
	char *deep = malloc(1 << 20);

	assert_non_null(deep);
	memset(deep, '[', 1 << 20);
	refused(deep, 1 << 20, "nested too deeply");
	free(deep);
}

TEST(a_text_cut_anywhere_is_refused)
{
	const char *text = "{\"a\": [1, true, null, \"\\u00e9\xc3\xa9\"], "
	    "\"b\": {\"c\": -1.5e3}}";

	for (size_t n = 0; n < strlen(text); n++)
		refused(text, n, "line 1, column ");
}

TEST(a_flipped_bit_never_breaks_the_reader)
{
	const char *text = "{\"a\": [1, true, null, \"\\u00e9\xc3\xa9\"], "
	    "\"b\": {\"c\": -1.5e3}}";
	size_t len = strlen(text);

	for (size_t i = 0; i < 8 * len; i++) {
		uint8_t *at = test_cut((const uint8_t *)text, len);
		struct json *j = NULL;
		fault f;

		at[i / 8] ^= (uint8_t)(1u << i % 8);
		f = json_parse(&j, (struct bytes){ at, len });
		assert_true((f == NULL) == (j != NULL));
		json_free(j);
		free(at);
	}
}

TEST(what_is_written_has_commas_where_they_belong)
{
	struct buf b = BUF_EMPTY;
	struct json_out w = json_writer(&b);

	json_open(&w, '{');
	json_key(&w, "id");
	json_put_text(&w, "x");
	json_key(&w, "list");
	json_open(&w, '[');
	json_put_int(&w, INT64_MIN);
	json_put_bool(&w, true);
	json_open(&w, '{');
	json_close(&w);
	json_open(&w, '[');
	json_close(&w);
	json_put_null(&w);
	json_close(&w);
	json_key(&w, "last");
	json_put_bool(&w, false);
	json_close(&w);
	buf_add(&b, "\n", 1);
	json_open(&w, '[');
	json_close(&w);
	assert_string_equal(buf_cstr(&b), "{\"id\":\"x\",\"list\":"
	    "[-9223372036854775808,true,{},[],null],\"last\":false}\n[]");
	buf_free(&b);
}

static void
written(struct bytes in, const char *want)
{
	struct buf b = BUF_EMPTY;
	struct json_out w = json_writer(&b);

	json_put_bytes(&w, in);
	assert_string_equal(buf_cstr(&b), want);
	buf_free(&b);
}

TEST(what_needs_it_is_escaped_and_the_rest_is_not)
{
	written(bytes_of("a\"b\\c/\b\f\n\r\t\x01\x1b\x7f"),
	    "\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001b\\u007f\"");
	written(bytes_of("caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
	    "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"");
	written(bytes_of("\xc2\x9b\xc2\xa0"), "\"\\u009b\xc2\xa0\"");
	written((struct bytes){ (const uint8_t *)"a\0b", 3 }, "\"a\\u0000b\"");
	written(BYTES_EMPTY, "\"\"");
}

TEST(broken_utf8_is_written_as_replacement_characters)
{
	written(bytes_of("a\xff" "b"), "\"a\xef\xbf\xbd" "b\"");
	written(bytes_of("\xc3"), "\"\xef\xbf\xbd\"");
	written(bytes_of("\xed\xa0\x80"),	/* a surrogate */
	    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	written(bytes_of("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST(every_text_that_is_written_can_be_read_back)
{
	for (uint32_t c = 1; c < 0x800; c++) {
		struct buf b = BUF_EMPTY;
		struct json_out w = json_writer(&b);
		struct json *j = NULL;
		uint8_t in[2];
		size_t n = 1;

		in[0] = (uint8_t)c;
		if (c >= 0x80) {
			in[0] = (uint8_t)(0xc0 | c >> 6);
			in[1] = (uint8_t)(0x80 | (c & 0x3f));
			n = 2;
		}
		json_open(&w, '{');
		json_key_bytes(&w, (struct bytes){ in, n });
		json_put_bytes(&w, (struct bytes){ in, n });
		json_close(&w);
		assert_ok(json_parse(&j, buf_view(&b)));
		const char *key;
		const struct json *v = json_member(j, 0, &key);
		assert_true(bytes_eq(json_text(v), (struct bytes){ in, n }));
		assert_true(bytes_eq(bytes_of(key), (struct bytes){ in, n }));
		json_free(j);
		buf_free(&b);
	}
}

int
main(void)
{
	return RUN(
	    T(values_come_back_as_they_were_written),
	    T(members_keep_the_order_of_the_text),
	    T(every_value_knows_its_line),
	    T(a_mistake_is_named_with_line_and_column),
	    T(a_mistake_does_not_quote_the_text),
	    T(a_repeated_key_is_refused_even_when_it_is_spelt_otherwise),
	    T(nesting_has_a_limit),
	    T(a_million_open_brackets_are_refused_at_once),
	    T(a_text_cut_anywhere_is_refused),
	    T(a_flipped_bit_never_breaks_the_reader),
	    T(what_is_written_has_commas_where_they_belong),
	    T(what_needs_it_is_escaped_and_the_rest_is_not),
	    T(broken_utf8_is_written_as_replacement_characters),
	    T(every_text_that_is_written_can_be_read_back));
}
