namespace LocalHost.Hosting;

/// <summary>The one place of the host that makes ids.</summary>
internal static class Ids
{
    /// <summary>A new random id, such as an invocation's.</summary>
#pragma warning disable RS0030 // This is the one place.
    public static string New() => Guid.NewGuid().ToString();
#pragma warning restore RS0030
}
