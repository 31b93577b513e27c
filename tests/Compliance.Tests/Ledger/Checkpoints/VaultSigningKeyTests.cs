using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.Tests.Tenants;

namespace Compliance.Tests.Ledger.Checkpoints;

/// <summary>The product's requests against answers in Key Vault's wire format: there is no Key Vault here that signs.</summary>
public sealed class VaultSigningKeyTests : IDisposable
{
    private const string Origin = "compliancefunctions/t";

    private static readonly Uri KeyId = new("https://kv-audit.vault.azure.net/keys/ledger/0123456789abcdef0123456789abcdef");

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly FakeVault _vault = new();

    public VaultSigningKeyTests()
    {
        _vault.Public = _ => Public(_key);
        _vault.Sign = digest => new
        {
            kid = KeyId.AbsoluteUri,
            value = Base64Url.EncodeToString(_key.SignHash(digest, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)),
        };
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _key.Dispose();
        _vault.Dispose();
    }

    [Fact]
    public async Task A_note_is_signed_inside_the_vault_and_verifies_with_the_public_key_it_tells()
    {
        using var signing = Key();
        var signer = await signing.SignerAsync(Origin, Stop);

        var note = await SignedNote.SignAsync("text\n", [signer.Signer], Stop);

        Assert.Equal(NoteKey.FromSpki(Origin, _key.ExportSubjectPublicKeyInfo()).Format(), signer.Key.Format());
        Assert.True(SignedNote.Parse(note.Format()).Verify([signer.Key]).Trusted);
        Assert.Equal(
            [
                "GET /keys/ledger/0123456789abcdef0123456789abcdef?api-version=7.6",
                "POST /keys/ledger/0123456789abcdef0123456789abcdef/sign?api-version=7.6",
            ],
            _vault.Requests
        );
        Assert.Equal(
            JsonSerializer.Serialize(new { alg = "ES256", value = Base64Url.EncodeToString(SHA256.HashData("text\n"u8)) }),
            _vault.LastBody
        );
    }

    [Fact]
    public async Task The_public_key_is_asked_for_once()
    {
        using var signing = Key();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => signing.SignerAsync(Origin, Stop)));

        Assert.Single(_vault.Requests);
    }

    [Fact]
    public async Task Requests_are_those_that_are_declared()
    {
        using var signing = Key();
        var signer = await signing.SignerAsync(Origin, Stop);
        await signer.Signer.SignAsync([1], Stop);

        Assert.All(_vault.Requests, r => Assert.True(ReadingTests.Declared(r.Split(' ')[0], "kv-audit", r.Split(' ')[1]), r));
    }

    [Fact]
    public async Task A_refusal_names_the_permission_and_its_grant()
    {
        _vault.Status = HttpStatusCode.Forbidden;
        using var signing = Key();

        var e = await Assert.ThrowsAsync<CheckpointKeyException>(() => signing.SignerAsync(Origin, Stop));

        Assert.Contains("Missing: Key Vault Crypto User", e.Message, StringComparison.Ordinal);
        Assert.Contains("az role assignment create", e.NextStep, StringComparison.Ordinal);
    }

    public static TheoryData<string> UnusableKeys =>
        [
            """{}""",
            """{"key":{"kty":"RSA","n":"AQAB"}}""",
            """{"key":{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}}""",
            """{"key":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}}""",
            """{"key":{"kty":"EC","crv":"P-256","x":"!","y":"AA"}}""",
            """
            {"key":{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE",
             "y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}}
            """,
            """{"key":null}""",
            """cut off""",
        ];

    [Theory]
    [MemberData(nameof(UnusableKeys))]
    public async Task A_key_of_another_kind_or_a_broken_answer_is_refused(string answer)
    {
        _vault.Public = _ => answer;
        using var signing = Key();

        await Assert.ThrowsAsync<CheckpointKeyException>(() => signing.SignerAsync(Origin, Stop));
    }

    [Theory]
    [InlineData("AAAA")]
    [InlineData("not base64url!")]
    public async Task A_signature_of_another_length_is_refused(string value)
    {
        _vault.Sign = _ => new { kid = KeyId.AbsoluteUri, value };
        using var signing = Key();
        var signer = await signing.SignerAsync(Origin, Stop);

        await Assert.ThrowsAsync<CheckpointKeyException>(() => signer.Signer.SignAsync([1], Stop));
    }

    [Fact]
    public async Task A_key_outside_a_vault_is_not_asked()
    {
        await using var reader = await Reader.StartAsync();
        using var signing = new VaultSigningKey(
            new("https://elsewhere.example/keys/ledger/1"),
            k => reader.Get<Compliance.Tenants.TenantConnection>().VaultAt(k).Pipeline
        );

        var e = await Assert.ThrowsAsync<CheckpointKeyException>(() => signing.SignerAsync(Origin, Stop));

        Assert.Contains("another host (elsewhere.example)", e.Message, StringComparison.Ordinal);
    }

    private static string Public(ECDsa key)
    {
        var q = key.ExportParameters(includePrivateParameters: false).Q;
        return JsonSerializer.Serialize(
            new
            {
                key = new
                {
                    kid = KeyId.AbsoluteUri,
                    kty = "EC-HSM",
                    crv = "P-256",
                    x = Base64Url.EncodeToString(q.X),
                    y = Base64Url.EncodeToString(q.Y),
                    key_ops = new[] { "sign" },
                },
            }
        );
    }

    private VaultSigningKey Key() => new(KeyId, _ => _vault.Pipeline);

    private sealed class FakeVault : HttpMessageHandler
    {
        public FakeVault() =>
            Pipeline = HttpPipelineBuilder.Build(
                new VaultOptions { Transport = new HttpClientTransport(this), Retry = { MaxRetries = 0 } }
            );

        public HttpPipeline Pipeline { get; }

        public Func<int, string> Public { get; set; } = _ => "";

        public Func<byte[], object> Sign { get; set; } = _ => new();

        public HttpStatusCode Status { get; set; } = HttpStatusCode.OK;

        public List<string> Requests { get; } = [];

        public string LastBody { get; private set; } = "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests.Add($"{request.Method} {request.RequestUri!.PathAndQuery}");
            if (request.Content is not null)
                LastBody = await request.Content.ReadAsStringAsync(cancellationToken);
            var answer =
                Status != HttpStatusCode.OK ? """{"error":{"code":"Forbidden","message":"no"}}"""
                : request.Method == HttpMethod.Get ? Public(Requests.Count)
                : JsonSerializer.Serialize(
                    Sign(Base64Url.DecodeFromChars(JsonDocument.Parse(LastBody).RootElement.GetProperty("value").GetString()))
                );
            return new(Status) { Content = new StringContent(answer, Encoding.UTF8, "application/json") };
        }

        private sealed class VaultOptions : ClientOptions;
    }
}
