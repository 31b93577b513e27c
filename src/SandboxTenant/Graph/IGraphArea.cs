using SandboxTenant.Http;

namespace SandboxTenant.Graph;

/// <summary>A part of Graph with calls of its own.</summary>
internal interface IGraphArea
{
    /// <summary>Answers a call that belongs to this part; null for one that does not.</summary>
    /// <param name="call">The request.</param>
    /// <param name="segments">Its path's parts, with <c>applications(appId='...')</c> as two.</param>
    /// <exception cref="FormatException">The query is one the sandbox does not support.</exception>
    Answer? Handle(Call call, string[] segments);
}
