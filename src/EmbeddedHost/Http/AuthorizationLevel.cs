namespace EmbeddedHost;

/// <summary>
/// Which key a caller must show.
/// Stands for Microsoft.Azure.Functions.Worker.AuthorizationLevel.
/// </summary>
public enum AuthorizationLevel
{
    /// <summary>None.</summary>
    Anonymous = 0,

    /// <summary>A user's token. Not supported: a start-up error.</summary>
    User = 1,

    /// <summary>The default key or the master key.</summary>
    Function = 2,

    /// <summary>A system key. Not supported: a start-up error.</summary>
    System = 3,

    /// <summary>The master key.</summary>
    Admin = 4,
}
