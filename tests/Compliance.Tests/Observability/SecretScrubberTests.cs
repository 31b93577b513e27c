using Compliance.Observability;

namespace Compliance.Tests.Observability;

public sealed class SecretScrubberTests
{
    [Theory]
    [InlineData("Authorization: Bearer PLANTED0abc.def-123", "Authorization: Bearer ***")]
    [InlineData("got eyJhbGciOiJSUzI1NiJ9.eyJPLANTED.c2ln-PLANTED_ and", "got *** and")]
    [InlineData("jwe eyJhbGciOiJSUzI1NiJ9.PLANTED.PLANTED.PLANTED.PLANTED end", "jwe *** end")]
    [InlineData("grant_type=client_credentials&client_secret=PLANTED%7E1&scope=x", "grant_type=client_credentials&client_secret=***&scope=x")]
    [InlineData("""{"client_secret":"PLANTED \"two\", words","scope":"x"}""", """{"client_secret":"***","scope":"x"}""")]
    [InlineData("""{"body":"{\"client_secret\":\"PLANTED, 2\",\"a\":1}"}""", """{"body":"{\"client_secret\":\"***\",\"a\":1}"}""")]
    [InlineData("""{"access_token" : "PLANTED"}""", """{"access_token" : "***"}""")]
    [InlineData("AccountName=a;AccountKey=PLANTED+/x==;BlobEndpoint=http://b/", "AccountName=a;AccountKey=***;BlobEndpoint=http://b/")]
    [InlineData("Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=PLANTED=", "Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey=***")]
    [InlineData("GET https://a.blob.core.windows.net/c?sv=2024&sig=PLANTED%2Bx%3D&se=1 failed", "GET https://a.blob.core.windows.net/c?sv=2024&sig=***&se=1 failed")]
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

    [Theory]
    [InlineData("")]
    [InlineData("The client secret 'password' of Billing ends on 2026-03-01; add a new secret, then remove it")]
    [InlineData("WWW-Authenticate: Bearer authorization=\"https://login.microsoftonline.com/x\", resource=\"https://vault.azure.net\"")]
    [InlineData("403 Forbidden: code: Authorization_RequestDenied, Bearer authentication needed, password: expired")]
    [InlineData("sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 at /subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/rg")]
    [InlineData("design=2 assign=3 https://kv.vault.azure.net/secrets/client-secret/0123456789abcdef")]
    public void Text_without_a_secret_stays_as_it_is(string text) => Assert.Equal(text, SecretScrubber.Scrub(text));
}
