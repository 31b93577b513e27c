using System.Text;
using Compliance.Text;

namespace Compliance.Tests.Text;

public sealed class JsonMessageTests
{
    private const string Object = """{"name":"Zoë"}""";

    [Theory]
    [InlineData(Object)]
    [InlineData(" \r\n\t" + Object + "\n")]
    public void A_queue_message_is_the_same_as_it_is_and_in_Base64(string json)
    {
        var bytes = Encoding.UTF8.GetBytes(json);

        Assert.Equal(bytes, JsonMessage.FromQueue(json).ToArray());
        Assert.Equal(bytes, JsonMessage.FromQueue(Convert.ToBase64String(bytes)).ToArray());
        // As a mail program or the command base64 wraps it.
        Assert.Equal(bytes, JsonMessage.FromQueue(Convert.ToBase64String(bytes).Insert(4, "\n") + "\n").ToArray());
        Assert.Equal("Zoë", JsonMessage.Text(JsonMessage.Parse(bytes, "the message"), "name"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("\"text\"")]
    [InlineData("nonsense")]
    [InlineData("eyJ")]
    // Base64 twice over, and Base64 of plain text.
    [InlineData("ZXlKcFpDSTZJamNpZlE9PQ==")]
    [InlineData("aGVsbG8=")]
    public void What_is_neither_a_JSON_object_nor_Base64_of_one_is_refused(string text) =>
        Texts.Text.Expect(
            "neither a JSON object nor Base64 of one",
            Assert.Throws<JsonMessageException>(() => JsonMessage.FromQueue(text)).Message
        );

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"a\":\n 1,}")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{} {}")]
    [InlineData("\uFEFF{}")]
    public void What_is_not_one_JSON_object_is_refused_with_its_place_and_without_its_values(string json)
    {
        var message = Refusal(JsonMessage.FromQueue(json)).Message;

        Texts.Text.Expect("not one JSON object", json, message);
        Assert.Equal(message, Refusal(JsonMessage.FromQueue(Convert.ToBase64String(Encoding.UTF8.GetBytes(json)))).Message);
    }

    [Fact]
    public void Nesting_is_read_to_its_limit_and_no_further()
    {
        static byte[] Nested(int depth) =>
            Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1));

        JsonMessage.Parse(Nested(JsonMessage.MaxDepth), "the message");
        Assert.Contains("nested more than 16 deep", Refusal(Nested(JsonMessage.MaxDepth + 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_refused_by_their_place()
    {
        var bytes = Encoding.UTF8.GetBytes("""{"a":"Z"}""");
        bytes[6] = 0xff;

        Texts.Text.Expect("bytes that are no UTF-8", Refusal(JsonMessage.FromQueue(Convert.ToBase64String(bytes))).Message);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused_in_the_text_and_is_no_text_when_it_is_escaped()
    {
        Texts.Text.Expect(
            "half a surrogate pair",
            Assert.Throws<JsonMessageException>(() => JsonMessage.FromQueue("{\"a\":\"\ud800\"}")).Message
        );
        Assert.Null(JsonMessage.Text(JsonMessage.Parse("""{"a":"\ud800"}"""u8.ToArray(), "the message"), "a"));
    }

    [Fact]
    public void An_object_of_64_KiB_is_read_either_way_and_one_byte_more_is_not()
    {
        var full = Encoding.UTF8.GetBytes("{}" + new string(' ', JsonMessage.MaxBytes - 2));
        var over = Encoding.UTF8.GetBytes("{}" + new string(' ', JsonMessage.MaxBytes - 1));

        foreach (var write in (Func<byte[], string>[])[Encoding.UTF8.GetString, Convert.ToBase64String])
        {
            JsonMessage.Parse(JsonMessage.FromQueue(write(full)), "the message");
            var refused = Refusal(JsonMessage.FromQueue(write(over)));
            Assert.Equal(("the message has 65537 bytes; allowed: 65536", true), (refused.Message, refused.TooLarge));
        }
        var longer = Assert.Throws<JsonMessageException>(() => JsonMessage.FromQueue(new string('A', 100_000)));
        Assert.Equal(("the message has 100000 bytes; allowed: 65536", true), (longer.Message, longer.TooLarge));
    }

    private static JsonMessageException Refusal(ReadOnlyMemory<byte> bytes) =>
        Assert.Throws<JsonMessageException>(() => JsonMessage.Parse(bytes, "the message"));
}
