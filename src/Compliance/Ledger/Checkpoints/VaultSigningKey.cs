using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Compliance.Ledger.Format;
using Compliance.Tenants;

namespace Compliance.Ledger.Checkpoints;

/// <summary>
/// A P-256 key in Key Vault that never leaves it: only digests go there and signatures come back. Key Vault Crypto User on that key (see
/// <see cref="DeclaredCall.LedgerKey"/> and <see cref="DeclaredCall.LedgerSign"/>). Its REST interface is used, as its client package is
/// not served everywhere this builds.
/// </summary>
/// <param name="key">The key with its version: <c>https://VAULT/keys/NAME/VERSION</c>.</param>
/// <param name="pipelineOf">Signs in at the vault of an address; asked at the first use.</param>
internal sealed class VaultSigningKey(Uri key, Func<Uri, HttpPipeline> pipelineOf) : ISigningKey, IDisposable
{
    private const string ApiVersion = "7.6";
    private const string Algorithm = "ES256";
    private const int CoordinateBytes = 32;

    private readonly SemaphoreSlim _oneAtATime = new(1);
    private CheckpointSigner? _known;

    /// <inheritdoc/>
    public async Task<CheckpointSigner> SignerAsync(string origin, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            // A version of a key never changes: it is asked for once.
            if (_known?.Key.Name != origin)
            {
                var publicKey = await PublicKeyAsync(origin, cancellationToken);
                _known = new(new Signer(this, publicKey), publicKey);
            }
            return _known!;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _oneAtATime.Dispose();

    /// <summary>Whether an address is that of a version of a key: <c>https://VAULT/keys/NAME/VERSION</c>, nothing more.</summary>
    public static bool IsKeyVersion(Uri address) =>
        address.Scheme == Uri.UriSchemeHttps
        && address is { Query: "", Fragment: "", UserInfo: "" }
        && address.AbsolutePath.Split('/') is ["", "keys", { Length: > 0 }, { Length: > 0 }];

    private Task<NoteKey> PublicKeyAsync(string origin, CancellationToken cancellationToken) =>
        AskAsync(
            RequestMethod.Get,
            "",
            null,
            DeclaredCall.LedgerKey,
            answer =>
            {
                // {"key":{"kid":"https://…","kty":"EC","crv":"P-256","x":"…","y":"…"}}
                var jwk = answer.GetProperty("key");
                if (jwk.GetProperty("kty").GetString() is not ("EC" or "EC-HSM") || jwk.GetProperty("crv").GetString() != "P-256")
                    throw new FormatException("the key is not an elliptic-curve key on P-256");
                using var ecdsa = ECDsa.Create(
                    new ECParameters
                    {
                        Curve = ECCurve.NamedCurves.nistP256,
                        Q = new() { X = Bytes(jwk, "x", CoordinateBytes), Y = Bytes(jwk, "y", CoordinateBytes) },
                    }
                );
                return NoteKey.FromSpki(origin, ecdsa.ExportSubjectPublicKeyInfo());
            },
            cancellationToken
        );

    private Task<byte[]> SignAsync(byte[] text, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { alg = Algorithm, value = Base64Url.EncodeToString(SHA256.HashData(text)) });
        return AskAsync(
            RequestMethod.Post,
            "/sign",
            body,
            DeclaredCall.LedgerSign,
            answer => EcdsaDer.From(Bytes(answer, "value", 2 * CoordinateBytes)),
            cancellationToken
        );
    }

    private static byte[] Bytes(JsonElement json, string name, int length) =>
        Base64Url.DecodeFromChars(json.GetProperty(name).GetString()) is var bytes && bytes.Length == length
            ? bytes
            : throw new FormatException($"'{name}' has {bytes.Length} bytes, not {length}");

    private async Task<T> AskAsync<T>(
        RequestMethod method,
        string operation,
        byte[]? body,
        DeclaredCall call,
        Func<JsonElement, T> read,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var pipeline = pipelineOf(key);
            using var message = pipeline.CreateMessage();
            message.Request.Method = method;
            message.Request.Uri.Reset(new Uri($"{key.GetLeftPart(UriPartial.Path)}{operation}?api-version={ApiVersion}"));
            if (body is not null)
            {
                message.Request.Headers.Add("Content-Type", "application/json");
                message.Request.Content = RequestContent.Create(body);
            }
            await pipeline.SendAsync(message, cancellationToken);
            if (message.Response.IsError)
                throw new RequestFailedException(message.Response);
            using var answer = JsonDocument.Parse(message.Response.Content);
            return read(answer.RootElement);
        }
        catch (Exception e)
            when (e
                    is JsonException
                        or KeyNotFoundException
                        or InvalidOperationException
                        or FormatException
                        or CryptographicException
                        or LedgerFormatException
            )
        {
            throw new CheckpointKeyException(
                $"the vault's answer about the key of setting {EvidenceOptions.SigningKeySetting} cannot be used: {e.Message}",
                "Name a version of an EC key on curve P-256",
                e
            );
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, call, null, null);
            throw new CheckpointKeyException(
                $"the key of setting {EvidenceOptions.SigningKeySetting} cannot be used: "
                    + $"{failure.Reason}{(failure.Permission is { } missing ? $" Missing: {missing} on the key." : "")}",
                failure.Remedy,
                e
            );
        }
    }

    private sealed class Signer(VaultSigningKey vault, NoteKey publicKey) : INoteSigner
    {
        public string Name => publicKey.Name;

        public uint KeyId => publicKey.Id;

        public Task<byte[]> SignAsync(byte[] text, CancellationToken cancellationToken) => vault.SignAsync(text, cancellationToken);
    }
}

/// <summary>No key at all: nothing can be signed, and that is reported.</summary>
internal sealed class NoSigningKey : ISigningKey
{
    /// <inheritdoc/>
    public Task<CheckpointSigner> SignerAsync(string origin, CancellationToken cancellationToken) =>
        throw new CheckpointKeyException(
            $"setting {EvidenceOptions.SigningKeySetting} is missing, so no checkpoint can be signed",
            $"Give {EvidenceOptions.SigningKeySetting} the address of a P-256 key in Key Vault with its version "
                + "(https://VAULT/keys/NAME/VERSION), or on a laptop the path of a key file"
        );
}
