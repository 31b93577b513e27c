namespace Compliance.Tests.Ledger.Format;

/// <summary>
/// A checkpoint of the known tree at three leaves whose key, id and signature openssl, sha256sum and base64 made by hand; the private key
/// is gone.
/// </summary>
internal static class OpensslNote
{
    public const string Name = "example.com/ledger";

    public const uint KeyId = 0xa9c4dd91;

    public const string Pem = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4Fz0jfIPHQYqifkYVmmpnCJRAcu7
        l0m1UqkYR4yv2elSnnKW+54Mz6JtOs0HXkOh0zHfDmoUrbKQDJsLHbjrTA==
        -----END PUBLIC KEY-----
        """;

    public const string VerifierKey =
        "example.com/ledger+a9c4dd91+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABOBc9I3yDx0GKon5GFZpqZwi"
            + "UQHLu5dJtVKpGEeMr9npUp5ylvueDM+ibTrNB15DodMx3w5qFK2ykAybCx2460w=";

    public const string Text = "example.com/ledger\n3\nrra8/idLcKFPsGel5VeCZNsPqbUa9eC6FZFY8yngbnc=\n";

    public const string Signature =
        "— example.com/ledger qcTdkTBFAiAwe2Rv/Sw3n+hy5N7xUAnC1JQTcbQRHo3DyQHEaaqruwIhAIv2vrAyNf8cNGu9CxX4mz0TICT5eYTGbPt3J8a1jsqF\n";

    public const string Note = Text + "\n" + Signature;
}
