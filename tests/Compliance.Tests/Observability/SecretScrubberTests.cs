using Compliance.Observability;

namespace Compliance.Tests.Observability;

public sealed class SecretScrubberTests
{
    [Theory]
    [InlineData("Authorization: Bearer PLANTED0abc.def-123", "Authorization: Bearer ***")]
    [InlineData("got eyJhbGciOiJSUzI1NiJ9.eyJPLANTED.c2ln-PLANTED_ and", "got *** and")]
    [InlineData("jwe eyJhbGciOiJSUzI1NiJ9.PLANTED.PLANTED.PLANTED.PLANTED end", "jwe *** end")]
    [InlineData(
        "grant_type=client_credentials&client_secret=PLANTED%7E1&scope=x",
        "grant_type=client_credentials&client_secret=***&scope=x"
    )]
    [InlineData("""{"client_secret":"PLANTED \"two\", words","scope":"x"}""", """{"client_secret":"***","scope":"x"}""")]
    [InlineData("""{"body":"{\"client_secret\":\"PLANTED, 2\",\"a\":1}"}""", """{"body":"{\"client_secret\":\"***\",\"a\":1}"}""")]
    [InlineData("""{"access_token" : "PLANTED"}""", """{"access_token" : "***"}""")]
    [InlineData("AccountName=a;AccountKey=PLANTED+/x==;BlobEndpoint=http://b/", "AccountName=a;AccountKey=***;BlobEndpoint=http://b/")]
    [InlineData(
        "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=PLANTED=",
        "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=***"
    )]
    [InlineData(
        "GET https://a.blob.core.windows.net/c?sv=2024&sig=PLANTED%2Bx%3D&se=1 failed",
        "GET https://a.blob.core.windows.net/c?sv=2024&sig=***&se=1 failed"
    )]
    [InlineData("POST https://f.azurewebsites.net/api/x?code=PLANTED== 500", "POST https://f.azurewebsites.net/api/x?code=*** 500")]
    [InlineData("x-functions-key: PLANTED", "x-functions-key: ***")]
    [InlineData("SharedKey devstoreaccount1:PLANTEDa1+/=", "SharedKey ***")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nPLANTED\n-----END RSA PRIVATE KEY-----\nrest", "***\nrest")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nPLANTED cut", "***")]
    [InlineData("secret abc8Q~PLANTED0123456789abcdefghijABCDEFGHIJ ok", "secret *** ok")]
    public void A_secret_is_masked_and_what_is_around_it_stays(string text, string scrubbed)
    {
        Assert.Equal(scrubbed, SecretScrubber.Scrub(text));
        Assert.Equal(scrubbed, SecretScrubber.Scrub(scrubbed));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_64_byte_key_is_masked_wherever_it_stands(bool json)
    {
        var key = Convert.ToBase64String([.. Enumerable.Range(0, 64).Select(i => (byte)(255 - i))]);
        var text = json ? System.Text.Json.JsonSerializer.Serialize(new { note = key }) : $"the key is {key}, keep it";

        Assert.Equal(json ? """{"note":"***"}""" : "the key is ***, keep it", SecretScrubber.Scrub(text));
        Assert.Equal("(***)", SecretScrubber.Scrub($"({Uri.EscapeDataString(key).Replace("%2F", "/", StringComparison.Ordinal)})"));
    }

    public static TheoryData<string> Forms() =>
        [
            .. new[]
            {
                "client_secret",
                "clientSecret",
                "client_assertion",
                "assertion",
                "secret",
                "secret_text",
                "secretText",
                "password",
                "passwd",
                "pwd",
                "Pwd",
                "access_token",
                "refresh_token",
                "id_token",
                "AccountKey",
                "account_key",
                "SharedAccessKey",
                "SharedAccessSignature",
                "primaryKey",
                "secondary_key",
                "api_key",
                "api-key",
                "apikey",
                "subscription-key",
                "x-functions-key",
                "sig",
            },
        ];

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_named_secret_is_masked_in_a_form_a_URL_and_where_the_equals_sign_is_escaped(string name)
    {
        Assert.Equal($"{name}=***", SecretScrubber.Scrub($"{name}=hunter"));
        Assert.Equal($"{name}=***", SecretScrubber.Scrub($"{name}=x"));
        Assert.Equal($"{name} = ***; next=1", SecretScrubber.Scrub($"{name} = hunter2; next=1"));
        Assert.Equal($"{name}%3D***", SecretScrubber.Scrub($"{name}%3Dx"));
        Assert.Equal($"https://a.example/b?{name}=***&c=d", SecretScrubber.Scrub($"https://a.example/b?{name}=hunter2&c=d"));
        Assert.Equal($"{name}='***' rest", SecretScrubber.Scrub($"{name}='two words' rest"));
        Assert.Equal($"my{name}=hunter", SecretScrubber.Scrub($"my{name}=hunter"));
    }

    [Theory]
    [InlineData("client_secret")]
    [InlineData("clientAssertion")]
    [InlineData("assertion")]
    [InlineData("secret")]
    [InlineData("secretText")]
    [InlineData("password")]
    [InlineData("passwd")]
    [InlineData("pwd")]
    [InlineData("access_token")]
    [InlineData("refresh_token")]
    [InlineData("id_token")]
    [InlineData("accountKey")]
    [InlineData("sharedAccessKey")]
    [InlineData("shared_access_signature")]
    [InlineData("primaryKey")]
    [InlineData("secondaryKey")]
    [InlineData("api-key")]
    [InlineData("connectionString")]
    public void A_named_secret_is_masked_in_JSON_which_stays_JSON(string name)
    {
        Assert.Equal($$"""{"{{name}}":"***","a":"b"}""", SecretScrubber.Scrub($$"""{"{{name}}":"hunter","a":"b"}"""));
        Assert.Equal($$"""{\"{{name}}\" : \"***\"}""", SecretScrubber.Scrub($$"""{\"{{name}}\" : \"hunter\"}"""));
        Assert.Equal($$"""{"{{name}}":null}""", SecretScrubber.Scrub($$"""{"{{name}}":null}"""));
    }

    [Theory]
    [InlineData("x-functions-key: hunter", "x-functions-key: ***")]
    [InlineData("api-key: hunter", "api-key: ***")]
    [InlineData("Ocp-Apim-Subscription-Key: hunter", "Ocp-Apim-Subscription-Key: ***")]
    [InlineData("aeg-sas-key: hunter", "aeg-sas-key: ***")]
    [InlineData("/api/x?a=b&code=hunter", "/api/x?a=b&code=***")]
    [InlineData("Bearer abcdefghijklmnopqrst", "Bearer ***")]
    [InlineData("Bearer abcdefghijklmnopqrs", "Bearer abcdefghijklmnopqrs")]
    [InlineData("bearer abcde1", "bearer ***")]
    [InlineData("Basic dXNlcjpodW50ZXIy", "Basic ***")]
    [InlineData("PoP hunter2=", "PoP ***")]
    [InlineData("SharedKey account:hunter2=", "SharedKey ***")]
    [InlineData("SharedKeyLite account:hunter2=", "SharedKeyLite ***")]
    [InlineData("SharedAccessSignature hunter2=", "SharedAccessSignature ***")]
    [InlineData("key abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrAzFuabcdefg== end", "key *** end")]
    [InlineData("key abcdefghijklmnopqrstuvwxyzabcdefghijklmnAzFuabcd end", "key *** end")]
    [InlineData("-----BEGIN EC PRIVATE KEY-----\nPLANTED\n-----END EC PRIVATE KEY-----", "***")]
    public void A_secret_is_masked_in_a_header_behind_its_scheme_and_by_its_shape(string text, string scrubbed) =>
        Assert.Equal(scrubbed, SecretScrubber.Scrub(text));

    [Fact]
    public void A_text_that_is_nothing_but_a_64_byte_key_is_masked_in_each_of_its_spellings()
    {
        var key = Convert.ToBase64String([.. Enumerable.Range(0, 64).Select(i => (byte)(255 - i))]);

        Assert.Equal(88, key.Length);
        foreach (var spelling in (string[])[key, Uri.EscapeDataString(key), Escaped(key)])
            Assert.Equal("***", SecretScrubber.Scrub(spelling));
    }

    private static string Escaped(string key) =>
        key.Replace("+", "\\u002B", StringComparison.Ordinal).Replace("=", "\\u003D", StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("The client secret 'password' of Billing ends on 2026-03-01; add a new secret, then remove it")]
    [InlineData("WWW-Authenticate: Bearer authorization=\"https://login.microsoftonline.com/x\", resource=\"https://vault.azure.net\"")]
    [InlineData("403 Forbidden: code: Authorization_RequestDenied, Bearer authentication needed, password: expired")]
    [InlineData(
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 at "
            + "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg"
    )]
    [InlineData("design=2 assign=3 https://kv.vault.azure.net/secrets/client-secret/0123456789abcdef")]
    public void Text_without_a_secret_stays_as_it_is(string text) => Assert.Equal(text, SecretScrubber.Scrub(text));
}
