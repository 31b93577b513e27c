metadata description = 'The app on Flex Consumption, with one identity for all it opens and Entra in front of its code.'

param name string
param location string
param tags { *: string }
param planId string
param identityId string
param workspaceId string

@description('Container of the state account that holds the package, as an address.')
param packageContainerUri string

@description('Subnet that the app reaches out through; empty without a network.')
param subnetId string

@description('Memory of an instance in MB. 2048 is one core.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('Instances of the group "durable" that always run, so that a timer of an orchestration is not late for want of an instance.')
@minValue(0)
param alwaysReadyDurable int

@description('The app\'s settings.')
param settings { *: string }

@description('Client id of the app registration whose tokens are accepted.')
param entraClientId string

@description('Client ids of the programs that may get such a token; none accepts any of the tenant.')
param allowedClientApplications string[]

@description('Paths that the platform lets through without a token, because the code behind them checks a proof of its own.')
param excludedPaths string[]

@description('IPv4 ranges that reach the app; none means that the network does not limit who may ask.')
param allowedIpRanges string[]

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: planId
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    keyVaultReferenceIdentity: identityId
    // siteUpdateStrategy is not set, which is Recreate: a deployment ends what runs, and every step here is safe to repeat. RollingUpdate
    // is a preview, gives running code 60 minutes, and rolls out code and settings one after the other: for a time new code would run with
    // old settings, and two versions of an orchestration side by side.
    functionAppConfig: {
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUri
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReadyDurable > 0 ? [{ name: 'durable', instanceCount: alwaysReadyDurable }] : []
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
      ipSecurityRestrictionsDefaultAction: empty(allowedIpRanges) ? 'Allow' : 'Deny'
      ipSecurityRestrictions: [
        for (range, i) in allowedIpRanges: {
          name: 'allowed-${i}'
          ipAddress: range
          action: 'Allow'
          priority: 100 + i
        }
      ]
      // Deployment uses another address of the app, which takes Entra tokens alone.
      scmIpSecurityRestrictionsUseMain: false
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: settings
  }

  // Refuses a request without an Entra token before the code runs. The code checks the token once more, and the role in it.
  resource authentication 'config' = {
    name: 'authsettingsV2'
    properties: {
      platform: { enabled: true }
      globalValidation: {
        requireAuthentication: true
        unauthenticatedClientAction: 'Return401'
        excludedPaths: excludedPaths
      }
      httpSettings: { requireHttps: true }
      identityProviders: {
        azureActiveDirectory: {
          enabled: true
          registration: {
            clientId: entraClientId
            openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
          }
          validation: {
            allowedAudiences: [entraClientId, 'api://${entraClientId}']
            defaultAuthorizationPolicy: empty(allowedClientApplications)
              ? null
              : { allowedApplications: allowedClientApplications }
          }
        }
      }
      login: { tokenStore: { enabled: false } }
    }
    dependsOn: [appSettings]
  }

  // No user name and password for a deployment.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-log-analytics'
  scope: app
  properties: {
    workspaceId: workspaceId
    // Not FunctionAppLogs: what the app logs comes as telemetry, and would be paid for twice.
    logs: [
      { category: 'AppServiceAuthenticationLogs', enabled: true }
      { category: 'AppServiceIPSecAuditLogs', enabled: true }
    ]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

output name string = app.name
output hostName string = app.properties.defaultHostName
